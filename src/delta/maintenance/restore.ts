import { SluiceError, jitteredDelayMs, type RetryPolicy, type World } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { DeltaLog } from "../delta-log.ts";
import { protocolFor } from "../features/protocol-for.ts";
import { assertWritable } from "../features/support.ts";
import { physicalTable } from "../schema/column-mapping.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import type { Snapshot } from "../snapshot.ts";
import type { CommitRequest } from "../transaction.ts";
import { planRestore, planRewind, type RestorePlan } from "./plan-restore.ts";
import { assertReturnable } from "./returning-files.ts";

export interface RestoreTable {
  /** For messages. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly world: World;
}

export interface RestoreOptions {
  /** The version to go back to, or the newest one at a moment (ms since the epoch); one of them. */
  readonly version?: number;
  readonly timestampMs?: number;
  /** Application transactions go back, too: who feeds the table does again what it has done since. They stay by default. */
  readonly rewindTxns?: boolean;
  /** Also files that left the table longer ago than its retention, which a vacuum at work at this moment could still remove. */
  readonly allowExpiredFiles?: boolean;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  readonly operationParameters?: Readonly<Record<string, string>>;
}

export interface RestoreOutcome {
  readonly kind: "committed" | "planned" | "nothing";
  /** The version whose content the table has now. */
  readonly restored: number;
  readonly snapshot: Snapshot;
  readonly filesAdded: number;
  readonly bytesAdded: number;
  readonly filesRemoved: number;
  readonly bytesRemoved: number;
}

/** Every conflict means that somebody else got on; what they did is gone back behind as well. */
const CONFLICTS: RetryPolicy = { attemptsMax: 12, baseDelayMs: 20, maxDelayMs: 2_000 };

/** Gives a table the content and schema of an older version, in a new one. Nothing is copied: the files of then come back. */
export async function restore(table: RestoreTable, options: RestoreOptions): Promise<RestoreOutcome> {
  const target = await targetOf(table, options);
  for (let tried = 1; ; tried += 1) {
    const current = await table.log.latest();
    if (current === undefined)
      throw new SluiceError("table.missing", `Cannot restore ${table.name}: there is no table`);
    assertWritable(current.protocol, current.metadata, table.name);
    refuseOtherMapping(table, current, target);
    const plan = planRestore(current, target, table.world.nowMs());
    const txns = options.rewindTxns === true ? planRewind(current, target) : [];
    if (isNothing(plan) && txns.length === 0) return outcomeOf("nothing", { snapshot: current, target, plan });
    await assertReturnable(table, { adds: plan.adds, current, target, allowExpiredFiles: options.allowExpiredFiles });
    if (options.dryRun === true) return outcomeOf("planned", { snapshot: current, target, plan });
    const outcome = await table.log.commit(requestOf({ current, target, plan, options, txns }));
    if (outcome.kind === "committed") {
      return outcomeOf("committed", { snapshot: outcome.snapshot, target, plan });
    }
    if (tried >= CONFLICTS.attemptsMax) {
      throw new SluiceError("table.conflict", `Cannot restore ${table.name}: other writers were faster every time`, {
        facts: { attempts: tried, version: target.version },
      });
    }
    await table.world.sleep(jitteredDelayMs(table.world, CONFLICTS, tried));
  }
}

async function targetOf(table: RestoreTable, { version, timestampMs }: RestoreOptions): Promise<Snapshot> {
  if ((version === undefined) === (timestampMs === undefined)) {
    throw new SluiceError("usage.invalid", `Cannot restore ${table.name}: it takes either a version or a moment`, {
      facts: { version, timestampMs },
    });
  }
  return version === undefined ? await table.log.atTime(timestampMs ?? 0) : await table.log.at(version);
}

/** Files that were written by names are not found without them. */
function refuseOtherMapping(table: RestoreTable, current: Snapshot, target: Snapshot): void {
  const [now, before] = [physicalTable(current.metadata).mode, physicalTable(target.metadata).mode];
  if (now === before) return;
  throw new SluiceError("table.unsupported", `Cannot restore ${table.name}: its column mapping was another one then`, {
    facts: { version: target.version, before, now },
    advice: "Go back to a version since then, or read the old one (`--version`) and write its rows.",
  });
}

function isNothing({ adds, removes, metadata, domains }: RestorePlan): boolean {
  return adds.length === 0 && removes.length === 0 && metadata === undefined && domains === undefined;
}

function requestOf(parts: {
  current: Snapshot;
  target: Snapshot;
  plan: RestorePlan;
  options: RestoreOptions;
  txns: NonNullable<CommitRequest["txns"]>;
}): CommitRequest {
  const { current, target, plan, options, txns } = parts;
  const { metadata, domains } = plan;
  const described =
    metadata === undefined
      ? current.metadata
      : { ...metadata, schema: parseSchema(metadata.schemaString, `version ${target.version}`) };
  const protocol = protocolFor(
    described,
    current.protocol,
    domains === undefined ? [] : ["domainMetadata", "clustering"],
  );
  return {
    base: current,
    operation: "RESTORE",
    operationParameters: { version: String(target.version), ...options.operationParameters },
    operationMetrics: {
      numRestoredFiles: plan.adds.length,
      numRemovedFiles: plan.removes.length,
      restoredFilesSize: sizeOf(plan.adds),
      removedFilesSize: sizeOf(plan.removes),
    },
    adds: plan.adds,
    removes: plan.removes,
    reads: { wholeTable: true, files: new Set(current.files.keys()) },
    ...(metadata === undefined ? {} : { metadata }),
    ...(domains === undefined ? {} : { domains }),
    ...(protocol === current.protocol ? {} : { protocol }),
    ...(txns.length === 0 ? {} : { txns }),
  };
}

function outcomeOf(
  kind: RestoreOutcome["kind"],
  { snapshot, target, plan }: { snapshot: Snapshot; target: Snapshot; plan: RestorePlan },
): RestoreOutcome {
  return {
    kind,
    restored: target.version,
    snapshot,
    filesAdded: plan.adds.length,
    bytesAdded: sizeOf(plan.adds),
    filesRemoved: plan.removes.length,
    bytesRemoved: sizeOf(plan.removes),
  };
}

function sizeOf(files: readonly { readonly sizeBytes?: number }[]): number {
  return files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0);
}
