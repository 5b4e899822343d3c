// One operation on a table of many files, by one process that has just opened it.
import { readdirSync, writeFileSync } from "node:fs";
import { DeltaTable } from "sluice/delta";

/** @type {{ table: string, files: number, step: string, memoryBytes: number, threads: number }} */
const { table: path, files, step, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");

const openedMs = performance.now();
const table = await DeltaTable.open(path, { memoryBytes, threads });
const openSeconds = (performance.now() - openedMs) / 1000;
const startedMs = performance.now();
const row = {
  id: BigInt(files * 1000 - 1),
  customer: "c",
  amount: "1.00",

  status: "open",
  day: "2030-01-01",
};
switch (step) {
  case "open":
    if (table.snapshot.files.size !== files) throw new Error(`${table.snapshot.files.size} files`);
    break;
  case "prune by statistics": {
    const outcome = await table.merge([{ ...row, id: -1n }], { keys: ["id"], notMatched: { insertWhen: false } });
    if (outcome.kind !== "nothing") throw new Error(`the merge ended as ${outcome.kind}`);
    break;
  }
  case "prune by partition": {
    const outcome = await table.overwrite([row], { partitions: [{ day: "2030-01-01" }] });
    if (outcome.kind !== "committed" || outcome.metrics.filesRemoved > 0) throw new Error("the wrong partition");
    break;
  }
  case "append":
    await table.append([row]);
    break;
  case "append again":
    for (let turn = 0; turn < 20; turn += 1) await table.append([row]);
    break;
  case "merge": {
    const outcome = await table.merge([row], { keys: ["id"] });
    if (outcome.kind !== "committed" || outcome.metrics.rowsUpdated !== 1) throw new Error("the row was not found");
    break;
  }
  case "advance":
    for (let commit = 1; commit <= 10; commit += 1) writeCommit(table.version + commit);
    await table.refresh();
    if (table.snapshot.files.size !== files + 10) throw new Error(`${table.snapshot.files.size} files`);
    break;
  case "checkpoint":
    // The commit that asks for a checkpoint after each commit is followed by one.
    await table.setProperties({ "delta.checkpointInterval": "1" });
    break;
  default:
    throw new Error(`There is no step ${step}`);
}
const seconds = (performance.now() - startedMs) / 1000;
const version = table.version;
await table.close();
const checkpoints = readdirSync(`${path}/_delta_log`).filter((name) => name.includes(".checkpoint.")).length;
if (step === "checkpoint" && checkpoints !== 2) throw new Error(`There are ${checkpoints} checkpoints`);
console.log(JSON.stringify({ seconds: step === "open" ? openSeconds : seconds, version, checkpoints }));

/** @param {number} next */
function writeCommit(next) {
  const add = {
    path: `more-${next}.parquet`,
    partitionValues: { day: "2030-01-01" },
    size: 100,
    modificationTime: 0,
    dataChange: true,
  };
  const lines = [{ commitInfo: { operation: "WRITE" } }, { add }].map((action) => JSON.stringify(action));
  writeFileSync(`${path}/_delta_log/${String(next).padStart(20, "0")}.json`, lines.join("\n"), { flag: "wx" });
}
