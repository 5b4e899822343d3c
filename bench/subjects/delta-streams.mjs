// Rows into a table and out of it through `sluice/delta`: one by one, at once, and as an Arrow stream.
import { DeltaTable } from "sluice/delta";

/** @type {{ verb: "one" | "generator" | "array" | "arrow" | "read" | "read-arrow", table: string, source: string, rows: number, memoryBytes: number, threads: number }} */
const { verb, table: path, source, rows, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");
const limits = { memoryBytes, threads };
const schema = /** @type {const} */ ({
  id: "long",
  name: "string",
  status: "string",
  placed_at: "timestamp",
  amount: "decimal(18,2)",
  ratio: "double",
  items: "integer",
});

/** @param {number} count */
function* made(count) {
  for (let id = 0; id < count; id += 1) {
    yield {
      id,
      name: `customer number ${id}`,
      status: `status ${id % 20} of several`,
      placed_at: 1_767_225_600_000_000n + BigInt(id),
      amount: "12.50",
      ratio: id / 3,
      items: id % 1000,
    };
  }
}

const verbs = {
  one: async () => await written((table) => table.append([...made(1)])),
  generator: async () => await written((table) => table.append(made(rows))),
  array: async () => await written((table) => table.append([...made(rows)])),
  arrow: async () => {
    const given = await DeltaTable.open(source, limits);
    try {
      return await written((table) => table.append({ arrow: given.readArrow() }));
    } finally {
      await given.close();
    }
  },
  read: async () => await read((table) => table.read()),
  "read-arrow": async () => await read((table) => table.readArrow()),
};

/** @param {(table: DeltaTable<typeof schema>) => Promise<unknown>} write */
async function written(write) {
  const table = await DeltaTable.create(path, { schema, ...limits });
  try {
    return await timed(() => write(table));
  } finally {
    await table.close();
  }
}

/** @param {(table: DeltaTable) => AsyncIterable<unknown>} batches */
async function read(batches) {
  const table = await DeltaTable.open(source, limits);
  try {
    return await timed(async () => {
      for await (const batch of batches(table)) void batch;
    });
  } finally {
    await table.close();
  }
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const startedMs = performance.now();
  await work();
  return { seconds: (performance.now() - startedMs) / 1000 };
}

console.log(JSON.stringify(await verbs[verb]()));
