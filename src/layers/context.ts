import type { World } from "../base/index.ts";
import type { Layer, TableName } from "../contract/index.ts";
import type { DeltaLog } from "../delta/index.ts";
import type { Engine, OpenTable } from "../engine/index.ts";
import type { ObjectStore } from "../storage/index.ts";

/** Where a table of the lake lives; its log keeps the newest snapshot it has seen. */
export interface TablePlace {
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
}

export interface LakeTables {
  /** The place of `layer.name`, whether or not there is a table yet; always the same object for the same name. */
  place(layer: Layer, name: string): TablePlace;
  /** The root of what the product keeps about itself (batch manifests lie below `batches/`). */
  readonly systemStore: ObjectStore;
}

/** What every layer needs to do its work. */
export interface LayerContext {
  readonly engine: Engine;
  readonly tables: LakeTables;
  readonly world: World;
  /** Identifies this run in manifests, quarantine and history. */
  readonly run: string;
  readonly signal?: AbortSignal;
  /** Told about progress as it happens; must not throw. */
  readonly onProgress?: (event: ProgressEvent) => void;
}

export interface ProgressEvent {
  readonly table: string;
  readonly phase: "read" | "write" | "fold" | "refresh" | "publish" | "optimize" | "clean";
  readonly detail: string;
  readonly rows: number;
  readonly bytes?: number;
}

/** The place of a table by its full name. */
export function placeOf(context: Pick<LayerContext, "tables">, name: TableName): TablePlace {
  const dot = name.indexOf(".");
  return context.tables.place(name.slice(0, dot) as Layer, name.slice(dot + 1));
}

/** The place with its newest version. */
export async function openNewest(place: TablePlace): Promise<OpenTable> {
  return { name: place.name, store: place.store, log: place.log, snapshot: await place.log.latest() };
}
