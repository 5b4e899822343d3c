// One of several processes that keep a ledger in one Delta table (ledger.mjs). Goes on after the last of its operations that the table
// knows of, tells on stdout the number of each that it was told is committed, and stops when stdin ends. The task is JSON in the first
// argument: { path, s3?, writer, seed, optimizesEvery? }.
import { createInterface } from "node:readline";
import { DeltaTable } from "sluice/delta";
import { SHARED, operationOf } from "./ledger.mjs";

const { path, s3, writer, seed, optimizesEvery } = JSON.parse(process.argv[2]);
const options = { memoryBytes: 96_000_000, threads: 1, ...(s3 === undefined ? {} : { s3 }) };
/** So many in a row mean that nothing goes on any more. */
const TRIES_MAX = 100;

const stopped = new AbortController();
const lines = createInterface({ input: process.stdin });
const started = new Promise((resolve) => lines.once("line", resolve));
lines.once("close", () => stopped.abort());

const table = await DeltaTable.open(path, options);
await table.query("select count(*) from t").next(); // the engine is up before the race begins
process.stdout.write("ready\n");
await started;
for (let n = (table.snapshot.txns.get(writer)?.version ?? -1) + 1; !stopped.signal.aborted; n += 1) {
  const operation = operationOf(seed, writer, n);
  await untilTold(() => perform(operation, { txns: [{ appId: writer, version: n, expected: n - 1 }] }));
  process.stdout.write(`${n}\n`);
  if (optimizesEvery !== undefined && n % optimizesEvery === optimizesEvery - 1)
    await untilTold(() => table.optimize());
}
await table.close();

function perform(operation, claim) {
  switch (operation.kind) {
    case "append":
      return table.append(operation.rows, claim);
    case "merge":
      return table.merge(operation.rows, { keys: ["writer", "number"] }, claim);
    case "delete":
      return table.delete(`writer = '${writer}' and number % 3 = ${operation.rest}`, claim);
    case "update": {
      const where = `writer = '${writer}' and number % 3 = ${operation.rest}`;
      return table.update({ set: { note: "right(note || '+', 20)" }, where }, claim);
    }
    case "count": {
      const matched = { set: { note: "(target.note::bigint + 1)::varchar" } };
      return table.merge([{ writer: SHARED, number: 0, note: "1" }], { keys: ["writer", "number"], matched }, claim);
    }
  }
}

/** Again after a race that was lost every time, and after a store that would not tell: the claim keeps it from landing twice. */
async function untilTold(work) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      const mayPass = error.code === "table.conflict" || error.code === "storage.unavailable";
      if (!mayPass || tried >= TRIES_MAX) throw error;
      await refreshed();
    }
  }
}

async function refreshed() {
  try {
    await table.refresh();
  } catch (error) {
    if (error.code !== "storage.unavailable") throw error;
  }
}
