// One verb on a table through `sluice/delta`, as a user writes it; and the tables that the verbs are measured on.
import { DuckDBInstance } from "@duckdb/node-api";
import { DeltaTable } from "sluice/delta";

/** @type {{ verb: string, folder: string, table: string, rows: number, parts: number, memoryBytes: number, threads: number }} */
const request = JSON.parse(process.argv[2] ?? "");
const { verb, folder, table: path, rows, parts, memoryBytes, threads } = request;
const limits = { memoryBytes, threads };
const schema = /** @type {const} */ ({
  id: "long",
  customer: "string",
  placed_at: "timestamp",
  amount: "decimal(18,2)",
  status: "string",
  note: "string",
});
const AGGREGATE = "SELECT sum(id), max(note), min(amount), max(status), max(customer), max(placed_at) FROM t";
const whole = `${folder}/rows.parquet`;
const changed = `${folder}/changed.parquet`;

/** @param {string} amount SQL over the row's number `i` */
const columns = (amount) => `SELECT i AS id, 'c-' || (hash(i) % 5000) AS customer,
    make_timestamptz(1767225600000000 + i * 1000000) AS placed_at, CAST(${amount} AS DECIMAL(18,2)) AS amount,
    ['placed', 'paid', 'sent'][1 + (hash(i) % 3)::INTEGER] AS status, md5(i::VARCHAR) AS note`;

const verbs = {
  prepare,
  copy: async () => await copy(`FROM read_parquet('${whole}')`, `${path}.parquet`),
  append: async () => {
    const table = await DeltaTable.create(path, { schema, ...limits });
    return await timed(table, async () => await table.append({ parquet: [whole] }));
  },
  optimize: async () => await opened(async (table) => await table.optimize()),
  merge: async () => await opened(async (table) => await table.merge({ parquet: [changed] }, { keys: ["id"] })),
  filter: async () => await opened(async (table) => await drain(table.query(filtered()))),
  scan: async () => await opened(async (table) => await drain(table.query(AGGREGATE))),
  scans: async () =>
    await opened(async (table) => {
      for (let time = 0; time < 5; time += 1) await drain(table.query(AGGREGATE));
    }),
  read: async () => await opened(async (table) => await drain(table.read())),
};

/** Rows in one file and in parts of it; tables of them: in small files, whole, and with every fifth row in a deletion vector. */
async function prepare() {
  const base = `FROM range(${rows}) t(i)`;
  await copy(`${columns("(i % 10000) / 100")} ${base}`, whole);
  await copy(`${columns("(i % 777) / 100")} ${base}`, changed);
  const small = await DeltaTable.create(`${folder}/small`, { schema, ...plain(), ...limits });
  for (let part = 0; part < parts; part += 1) {
    await small.append({ sql: `SELECT * FROM given WHERE id % ${parts} = ${part}`, inputs: given(whole) });
  }
  const large = await DeltaTable.create(`${folder}/large`, { schema, ...plain(), ...limits });
  await large.append({ parquet: [whole] });
  const without = await DeltaTable.create(`${folder}/without`, { schema, ...limits });
  await without.append({ sql: "SELECT * FROM given WHERE id % 5 <> 0", inputs: given(whole) });
  const vectors = await DeltaTable.create(`${folder}/vectors`, { schema, ...limits });
  await vectors.append({ parquet: [whole] });
  await vectors.delete("id % 5 = 0");
  for (const table of [small, large, without, vectors]) await table.close();
  return 0;
}

function plain() {
  return { properties: { "delta.enableDeletionVectors": "false" } };
}

function given(file) {
  return { given: /** @type {const} */ ({ kind: "parquet", files: [file] }) };
}

function filtered() {
  return `SELECT count(*), sum(amount), max(note) FROM t WHERE id BETWEEN ${Math.floor(rows / 2)} AND ${Math.floor(rows / 2) + Math.floor(rows / 100)}`;
}

async function copy(select, target) {
  const database = await DuckDBInstance.create(":memory:", {
    memory_limit: `${Math.floor(memoryBytes / 2 ** 20)}MiB`,
    threads: String(threads),
  });
  const connection = await database.connect();
  await connection.run("SELECT 1");
  const startedMs = performance.now();
  await connection.run(`COPY (${select}) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
  return (performance.now() - startedMs) / 1000;
}

async function opened(work) {
  const table = await DeltaTable.open(path, limits);
  return await timed(table, async () => await work(table));
}

/** Without the engine's start, as importing delta-rs loads its own; the figure of the whole process has it. */
async function timed(table, work) {
  await drain(table.query("SELECT 1"));
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  await table.close();
  return seconds;
}

async function drain(batches) {
  for await (const _rows of batches) continue;
}

console.log(JSON.stringify({ seconds: await verbs[verb]() }));
