import type { ByteSize } from "./amounts.ts";
import { marked, type Marked } from "./mark.ts";
import type { Location } from "./s3-place.ts";
import type { Table } from "./table.ts";

/** The whole lake, as the default export of `sluice.config.ts`. */
export interface DefinedLake extends Marked<"lake", unknown> {}

export interface LakeConfig {
  readonly name: string;
  /** A place with one folder a layer in it, or one place for each layer. */
  readonly storage: Location | StorageFolders;
  readonly engine?: EngineOptions;
  /** Every table, in any order. */
  readonly tables: readonly Table[];
}

export interface StorageFolders {
  readonly bronze: Location;
  readonly silver: Location;
  readonly gold: Location;
  readonly quarantine: Location;
  readonly system: Location;
}

export interface EngineOptions {
  /** What the engine may hold in memory, as text (`"2GB"`) or in bytes. Default: half of the machine's memory, at most 4 GB. */
  readonly memory?: ByteSize | number;
  /** Default: the machine's cores. */
  readonly threads?: number;
  /** Folder for what does not fit into memory. Default: `spill` in the system folder, `.sluice/spill` beside the configuration for a lake in S3. */
  readonly spill?: string;
  /**
   * DuckDB's httpfs extension, which reads of files in S3 the parts that a query needs; without it they are read through copies.
   * `auto`: where it is installed on this machine already. `install`: DuckDB fetches it over the network. `off`, or its file
   * (`httpfs.duckdb_extension`). Default: `auto`.
   */
  readonly httpfs?: string;
}

export function defineLake(options: LakeConfig): DefinedLake {
  return Object.freeze(marked("lake", options as unknown));
}
