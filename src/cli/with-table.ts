import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError } from "../base/index.ts";
import { LAYERS, type Layer } from "../contract/index.ts";
import { openPath } from "../lake/index.ts";
import { slowestDependant, type Dependant } from "../layers/index.ts";
import type { DeltaLog, Snapshot } from "../delta/index.ts";
import type { Engine } from "../engine/index.ts";
import { isS3Url, type ObjectStore } from "../storage/index.ts";
import type { Session } from "./session.ts";
import { tableNamed, withLake } from "./with-lake.ts";

/** Any Delta table, with an engine to read it. */
export interface AnyTable {
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly engine: Engine;
  /** Of a lake's tables that read this one version by version, the one that is furthest behind. */
  readonly dependant?: () => Promise<Dependant | undefined>;
}

/** Works on a table that was typed as a path, which needs no configuration, or as a name of the lake (`silver.orders`). */
export async function withTable<T>(session: Session, typed: string, work: (table: AnyTable) => Promise<T>): Promise<T> {
  const path = isS3Url(typed) ? typed : resolve(session.io.folder, typed);
  const name = tableNameOf(typed);
  const allowFilesFrom = session.flags
    .list("allow-files-from")
    ?.map((place) => (/^[a-z0-9]+:\/\//i.test(place) ? place : resolve(session.io.folder, place)));
  if (name === undefined || (await isFolder(path))) {
    await using table = await openPath(path, session.io.world, allowFilesFrom === undefined ? {} : { allowFilesFrom });
    return await work({ ...table, name: typed });
  }
  if (allowFilesFrom !== undefined) {
    throw new SluiceError(
      "usage.invalid",
      `Cannot use --allow-files-from for ${typed}: a table of the lake has its own files`,
    );
  }
  return await withLake(session, async ({ lake }) => {
    // Quarantine and system tables are in no definition.
    if (name.layer !== "quarantine" && name.layer !== "system") tableNamed(lake, typed);
    const place = lake.tables.place(name.layer, name.name);
    return await work({
      name: typed,
      store: place.store,
      log: place.log,
      engine: lake.engine,
      dependant: async () => await slowestDependant(lake, lake.definition, `${name.layer}.${name.name}`),
    });
  });
}

/** The version that the flags ask for, or the newest. Fails with `table.missing` where there is no table. */
export async function snapshotWanted(session: Session, table: AnyTable): Promise<Snapshot> {
  const version = session.flags.wholeNumber("version");
  const timestampMs = session.flags.moment("timestamp");
  if (version !== undefined && timestampMs !== undefined) {
    throw new SluiceError("usage.invalid", "Cannot use --version and --timestamp at once: each names a version");
  }
  if (version !== undefined) return await table.log.at(version);
  if (timestampMs !== undefined) return await table.log.atTime(timestampMs);
  const newest = await table.log.latest();
  if (newest === undefined) throw noTable(table);
  return newest;
}

export function noTable(table: Pick<AnyTable, "name" | "log">): SluiceError {
  return new SluiceError("table.missing", `Cannot read ${table.name}: there is no Delta table`, {
    facts: { table: table.name, place: table.log.url },
  });
}

function tableNameOf(typed: string): { readonly layer: Layer; readonly name: string } | undefined {
  const [, prefix, name] = /^([a-z]+)\.([a-z][a-z0-9_]*)$/.exec(typed) ?? [];
  const layer = LAYERS.find((one) => one === prefix);
  return layer === undefined || name === undefined ? undefined : { layer, name };
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
