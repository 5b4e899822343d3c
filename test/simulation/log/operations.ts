import { READ_NOTHING, type CommitRequest, type Snapshot } from "../../../src/delta/index.ts";
import { removed, type TableRows } from "./table-rows.ts";

/** What a writer wants, in the words in which it can be judged afterwards from the rows of two versions. */
export type Intent =
  | { readonly kind: "append"; readonly rows: readonly string[] }
  /** A numbered batch of a producer: lands once, however often it is tried. */
  | { readonly kind: "batch"; readonly app: string; readonly number: number; readonly rows: readonly string[] }
  /** Some rows that were seen. */
  | { readonly kind: "delete"; readonly rows: ReadonlySet<string> }
  /** Every row of a partition, seen or not. */
  | { readonly kind: "empty"; readonly partition: string }
  | { readonly kind: "replace"; readonly partition: string; readonly rows: readonly string[] }
  | { readonly kind: "optimize" }
  | { readonly kind: "describe"; readonly text: string };

export interface Operation {
  /** Stands in the commit, so that the log tells what became of it. */
  readonly id: string;
  readonly intent: Intent;
}

export const PARTITIONS = ["a", "b"] as const;

export interface Chance {
  readonly random: () => number;
}

/** What a writer does next, given the version it sees. */
export function chooseIntent(seen: Snapshot, rows: TableRows, { random }: Chance, newRow: () => string): Intent {
  const some = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const fresh = (count: number): string[] => Array.from({ length: count }, newRow);
  const roll = random();
  if (roll < 0.35) return { kind: "append", rows: fresh(1 + Math.floor(random() * 3)) };
  if (roll < 0.65) {
    const live = rows.of(seen).map(({ row }) => row);
    const gone = live.filter(() => random() < 0.3);
    if (gone.length > 0) return { kind: "delete", rows: new Set(gone) };
    return { kind: "append", rows: fresh(2) };
  }
  if (roll < 0.72) return { kind: "empty", partition: some(PARTITIONS) };
  if (roll < 0.79) return { kind: "replace", partition: some(PARTITIONS), rows: fresh(2) };
  if (roll < 0.96) return { kind: "optimize" };
  return { kind: "describe", text: newRow() };
}

/** The commit that would do it on a version; undefined when there is nothing to do. */
export function requestFor(
  { id, intent }: Operation,
  base: Snapshot,
  rows: TableRows,
  { random }: Chance,
): CommitRequest | undefined {
  const request = {
    base,
    operation: "WRITE",
    operationParameters: { op: id },
    adds: [],
    removes: [],
    reads: READ_NOTHING,
  };
  const newFiles = (all: readonly string[]) => [rows.addFile(random() < 0.5 ? "a" : "b", all)];
  switch (intent.kind) {
    case "append":
      return { ...request, adds: newFiles(intent.rows) };
    case "batch": {
      // Nothing before the first one: -1 stands for that.
      const claim = {
        appId: intent.app,
        version: intent.number,
        expected: intent.number === 1 ? -1 : intent.number - 1,
      };
      return { ...request, adds: newFiles(intent.rows), txns: [claim] };
    }
    case "delete":
      return deletion(request, intent.rows, rows);
    case "empty":
    case "replace": {
      const adds = intent.kind === "replace" ? [rows.addFile(intent.partition, intent.rows)] : [];
      return overPartition({ ...request, adds }, intent.partition);
    }
    case "optimize":
      return optimize(request, rows, { random });
    case "describe": {
      const { schema: _schema, ...metadata } = base.metadata;
      return { ...request, metadata: { ...metadata, description: intent.text } };
    }
  }
}

type Draft = CommitRequest & { readonly base: Snapshot };

/** With deletion vectors, but for files of which nothing is left. */
function deletion(request: Draft, gone: ReadonlySet<string>, rows: TableRows): CommitRequest | undefined {
  const hit = [...request.base.files.values()].filter((file) => rows.live(file).some((row) => gone.has(row)));
  if (hit.length === 0) return undefined;
  return {
    ...request,
    operation: "DELETE",
    adds: hit.flatMap((file) => rows.without(file, gone) ?? []),
    removes: hit.map((file) => removed(file)),
    reads: { wholeTable: false, files: new Set(hit.map((file) => file.path)) },
  };
}

/** A commit that changes nothing conflicts with nothing, and is none. */
function overPartition(request: Draft, partition: string): CommitRequest | undefined {
  const hit = [...request.base.files.values()].filter((file) => file.partitionValues["part"] === partition);
  if (hit.length === 0 && request.adds.length === 0) return undefined;
  return {
    ...request,
    removes: hit.map((file) => removed(file)),
    reads: {
      wholeTable: true,
      files: new Set(hit.map((file) => file.path)),
      covers: (values) => values["part"] === partition,
    },
  };
}

/** Two files or more of a partition become one, their deleted rows left behind. */
function optimize(request: Draft, rows: TableRows, { random }: Chance): CommitRequest | undefined {
  const partition = random() < 0.5 ? "a" : "b";
  const all = [...request.base.files.values()].filter((file) => file.partitionValues["part"] === partition);
  const chosen = all.filter(() => random() < 0.7);
  if (chosen.length < 2) return undefined;
  const kept = chosen.flatMap((file) => rows.live(file));
  return {
    ...request,
    operation: "OPTIMIZE",
    adds: [rows.addFile(partition, kept, false)],
    removes: chosen.map((file) => removed(file, false)),
    reads: { wholeTable: false, files: new Set(chosen.map((file) => file.path)) },
  };
}
