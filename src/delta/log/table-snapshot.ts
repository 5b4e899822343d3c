import type { DomainMetadataAction, ProtocolAction, TableMetadata, Tombstone, TxnAction } from "../actions.ts";
import type { Snapshot } from "../snapshot.ts";
import type { LayeredMap } from "./layered-map.ts";
import type { LiveFiles } from "./live-files.ts";
import type { Tombstones } from "./tombstones.ts";
import type { Totals } from "./totals.ts";

/** How far replay is from the last checkpoint: decides when the next one is due. */
export interface LogLength {
  /** -1: there is none. */
  readonly checkpointVersion: number;
  readonly checkpointBytes: number;
  /** JSON since then. */
  readonly commits: number;
  readonly commitBytes: number;
}

export interface SnapshotState {
  readonly version: number;
  readonly protocol: ProtocolAction;
  readonly metadata: TableMetadata;
  readonly txns: ReadonlyMap<string, TxnAction>;
  readonly files: LiveFiles;
  readonly domains: ReadonlyMap<string, DomainMetadataAction>;
  readonly timestampMs: number;
  readonly removed: Tombstones;
  /** Removes up to this moment have expired. */
  readonly tombstonesSinceMs: number;
  /** URIs that differ from what we would write for the path, by path. */
  readonly uris: LayeredMap<string>;
  readonly totals: Totals;
  readonly length: LogLength;
}

/** A snapshot with what the log itself needs to go on from it. */
export class TableSnapshot implements Snapshot {
  readonly state: SnapshotState;

  constructor(state: SnapshotState) {
    this.state = state;
  }

  get version(): number {
    return this.state.version;
  }

  get protocol(): ProtocolAction {
    return this.state.protocol;
  }

  get metadata(): TableMetadata {
    return this.state.metadata;
  }

  get txns(): ReadonlyMap<string, TxnAction> {
    return this.state.txns;
  }

  get files(): LiveFiles {
    return this.state.files;
  }

  get domains(): ReadonlyMap<string, DomainMetadataAction> {
    return this.state.domains;
  }

  get timestampMs(): number {
    return this.state.timestampMs;
  }

  get tombstones(): Iterable<Tombstone> {
    const { removed, tombstonesSinceMs } = this.state;
    return { [Symbol.iterator]: () => removed.tombstones(tombstonesSinceMs) };
  }
}
