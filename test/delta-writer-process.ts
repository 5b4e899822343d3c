import { isFailure, realWorld } from "../src/base/index.ts";
import { openLog, removeOf, type DeltaLog } from "../src/delta/index.ts";
import { localStore } from "../src/storage/index.ts";
import { TEXT_CHECKPOINTS, addOf, append, creation, metadataOf } from "./delta-builders.ts";

/**
 * One process that writes a table which others write, too: `append <name> <batches>` lands numbered batches, one file each, going on
 * after the last that is there; `compact <name> <rounds>` puts other files in the place of those it finds.
 */
const [folder = "", task = "", name = "", count = ""] = process.argv.slice(2);
const world = realWorld();
const log = openLog(localStore(folder), { world, checkpoints: TEXT_CHECKPOINTS });
process.stdout.write("ready\n");
process.stdin.resume();
await new Promise((resolve) => process.stdin.once("end", resolve));
if (task === "append") await appendBatches(log, Number(count));
else await compact(log, Number(count));

async function appendBatches(table: DeltaLog, batches: number): Promise<void> {
  if ((await table.latest()) === undefined) {
    await table.commit(creation(metadataOf({ configuration: { "delta.checkpointInterval": "7" } })));
  }
  for (;;) {
    const base = await table.latest();
    if (base === undefined) throw new Error("the table exists");
    const last = base.txns.get(name)?.version ?? -1;
    if (last + 1 >= batches) return;
    const claim = { appId: name, version: last + 1, expected: last };
    await table.commit(append(base, [`${name}.${last + 1}`], { txns: [claim] }));
  }
}

async function compact(table: DeltaLog, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await world.sleep(20 * world.random());
    const base = await table.latest();
    if (base === undefined) continue;
    const chosen = [...base.files.values()].filter(() => world.random() < 0.3);
    const outcome = await table
      .commit({
        base,
        operation: "OPTIMIZE",
        adds: chosen.map((add) => addOf(`${add.path}~${name}${round}`, { dataChange: false })),
        removes: chosen.map((add) => removeOf(add, world.nowMs(), { dataChange: false })),
        reads: { wholeTable: false, files: new Set(chosen.map((add) => add.path)) },
      })
      .catch((error: unknown) => {
        if (isFailure(error, "table.conflict")) return undefined;
        throw error;
      });
    process.stdout.write(`${outcome?.kind ?? "beaten"}\n`);
  }
}
