import type { ByteSize } from "./amounts.ts";
import { marked, type Marked } from "./mark.ts";
import type { Table } from "./table.ts";

/** The whole lake, as the default export of `sluice.config.ts`. */
export interface DefinedLake extends Marked<"lake", unknown> {}

export interface LakeConfig {
  readonly name: string;
  /** A folder with one folder a layer in it, or one folder for each layer. Relative to the configuration's folder. */
  readonly storage: string | StorageFolders;
  readonly engine?: EngineOptions;
  /** Every table, in any order. */
  readonly tables: readonly Table[];
}

export interface StorageFolders {
  readonly bronze: string;
  readonly silver: string;
  readonly gold: string;
  readonly quarantine: string;
  readonly system: string;
}

export interface EngineOptions {
  /** What the engine may hold in memory, as text (`"2GB"`) or in bytes. Default: half of the machine's memory, at most 4 GB. */
  readonly memory?: ByteSize | number;
  /** Default: the machine's cores. */
  readonly threads?: number;
  /** Folder for what does not fit into memory. Default: `spill` in the system folder. */
  readonly spill?: string;
}

export function defineLake(options: LakeConfig): DefinedLake {
  return Object.freeze(marked("lake", options as unknown));
}
