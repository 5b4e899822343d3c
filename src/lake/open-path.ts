import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError, type World } from "../base/index.ts";
import { openLog, type DeltaLog } from "../delta/index.ts";
import type { Engine } from "../engine/index.ts";
import { isS3Url, type ObjectStore } from "../storage/index.ts";
import { storeAt, type StoreOptions } from "./open-store.ts";
import { tableEngine } from "./table-engine.ts";

/** A Delta table somewhere, with an engine to read it; the engine starts at its first use and ends with this. */
export interface PathTable extends AsyncDisposable {
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly engine: Engine;
}

/** Opens a folder, or `s3://bucket/prefix`, as a Delta table; reads nothing. Fails with `table.missing` where there is no such folder. */
export async function openPath(
  path: string,
  world: World,
  options: Pick<StoreOptions, "allowFilesFrom"> = {},
): Promise<PathTable> {
  if (!isS3Url(path)) await checkFolder(path);
  const engine = tableEngine([path, ...(options.allowFilesFrom ?? [])], world);
  const store = storeAt(path, world, options);
  return {
    name: path,
    store,
    log: openLog(store, { world, checkpoints: engine.checkpoints }),
    engine,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function checkFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  throw new SluiceError("table.missing", `Cannot open ${path}: there is no such folder`, {
    facts: { path: folder },
    advice: "Check the path; a table of the lake is named layer.name, as `sluice status` lists them.",
  });
}
