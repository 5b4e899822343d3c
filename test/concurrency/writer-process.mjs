// One of several processes that write one Delta table: waits for a line on stdin, does what its task says, and tells on stdout
// what it committed and which of its rows must be there in the end. The task is JSON in the first argument.
import { createInterface } from "node:readline";
import { once } from "node:events";
import { DeltaTable } from "sluice/delta";

const { path, writer, operations, claims, seed } = JSON.parse(process.argv[2]);
const ATTEMPTS_MAX = 50;
const random = seeded(seed);
/** Versions that this process committed, and those that it was told another one had. */
const versions = [];
const rows = new Map();
let counted = 0;
let claimed = 0;
let next = 0;

const table = await DeltaTable.open(path, { memoryBytes: 128_000_000, threads: 1 });
await table.query("select count(*) from t").next(); // the engine is up before the race begins
process.stdout.write("ready\n");
await once(createInterface({ input: process.stdin }), "line");
for (let done = 0; done < operations; done += 1) {
  await pick([append, append, merge, remove, count])();
  await claim(done);
}
process.stdout.write(
  `${JSON.stringify({ versions, counted, claimed, rows: [...rows].map(([number, note]) => ({ writer, number, note })) })}\n`,
);
await table.close();
process.stdin.destroy();

/** New rows of this writer. */
async function append() {
  const fresh = newRows();
  if (await committed(() => table.append(fresh))) keep(fresh);
}

/** Some of this writer's rows in another state, and new ones. */
async function merge() {
  const changed = [...rows.keys()].filter(() => random() < 0.5).map((number) => rowOf(number, `changed ${next}`));
  const source = [...changed, ...newRows()];
  if (await committed(() => table.merge(source, { keys: ["writer", "number"] }))) keep(source);
}

/** Some of this writer's rows, by predicate. */
async function remove() {
  const rest = Math.floor(random() * 3);
  if (await committed(() => table.delete(`writer = '${writer}' and number % 3 = ${rest}`))) {
    for (const number of rows.keys()) if (number % 3 === rest) rows.delete(number);
  }
}

/** One more in the row that all writers change. */
async function count() {
  const spec = { keys: ["writer", "number"], matched: { set: { note: "(target.note::bigint + 1)::varchar" } } };
  if (await committed(() => table.merge([{ writer: "shared", number: 0, note: "1" }], spec))) counted += 1;
}

/** A row that every writer offers under the same transaction: it must land once. */
async function claim(version) {
  if (version >= claims) return;
  const row = { writer: "claims", number: version, note: "once" };
  if (await committed(() => table.append([row], { txns: [{ appId: "test/claims", version }] }))) claimed += 1;
}

/** Whether the write was committed by this call; false when there was nothing to do or somebody had done it. */
async function committed(write) {
  for (let tried = 1; ; tried += 1) {
    try {
      const outcome = await write();
      if (outcome.kind === "committed") versions.push(outcome.version);
      return outcome.kind === "committed";
    } catch (error) {
      if (error.code !== "table.conflict" || tried >= ATTEMPTS_MAX) throw error;
      await table.refresh();
    }
  }
}

function newRows() {
  return Array.from({ length: 1 + Math.floor(random() * 5) }, () => rowOf(next++, "new"));
}

function rowOf(number, note) {
  return { writer, number, note };
}

function keep(source) {
  for (const { number, note } of source) rows.set(number, note);
}

function pick(from) {
  return from[Math.floor(random() * from.length)];
}

function seeded(start) {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
