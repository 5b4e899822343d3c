import type { SluiceError } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { Reconciliation } from "../../layers/index.ts";
import type { Notice } from "../../sources/index.ts";

/** What a lake that is kept fresh tells of itself. */
export type StartEvent =
  /** Tables have changed since the flush before. */
  | {
      readonly kind: "flush";
      readonly atMs: number;
      readonly tables: readonly FlushedTable[];
      readonly newestMs: number | undefined;
      readonly lagMs: number | undefined;
    }
  /** A table is out, until it is tried again after so long; undefined: for good. `during: "reconcile"`: only that, and the table goes on. */
  | {
      readonly kind: "failed";
      readonly during?: "reconcile";
      readonly atMs: number;
      readonly table: TableName;
      readonly error: SluiceError;
      readonly againMs: number | undefined;
    }
  | { readonly kind: "recovered"; readonly atMs: number; readonly table: TableName }
  | { readonly kind: "notice"; readonly atMs: number; readonly table: TableName; readonly notice: Notice }
  /** What changed in a table was brought into its target. */
  | {
      readonly kind: "published";
      readonly atMs: number;
      readonly table: TableName;
      readonly target: string;
      readonly put: number;
      readonly deleted: number;
    }
  /** A table was compared with its source, since that was due. */
  | {
      readonly kind: "reconciled";
      readonly atMs: number;
      readonly table: TableName;
      readonly report: Reconciliation;
    }
  /** The process ends; these tables finish the commit that they are at. */
  | { readonly kind: "stopping"; readonly atMs: number; readonly tables: readonly TableName[] };

export interface FlushedTable {
  readonly table: TableName;
  readonly version: number | undefined;
  /** Taken in (Bronze) or folded in (Silver); of Gold 0. */
  readonly rows: number;
  readonly quarantined: number;
  /** When the newest change that is visible in the table happened, by the source's clock, in ms since the epoch; undefined where nobody knows. */
  readonly newestMs: number | undefined;
  /** By how much that change was older than its becoming visible here, the last time that one did. */
  readonly lagMs: number | undefined;
}
