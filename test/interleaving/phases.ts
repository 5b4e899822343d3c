import type { Fault } from "../../src/storage/index.ts";
import { commitFile } from "../delta-builders.ts";
import type { OperationName } from "./operations.ts";

/** Where the first writer is stopped, in the order in which it gets there. */
export type Phase =
  | "snapshot read"
  | "files written"
  | "before the put"
  | "after an ambiguous put"
  | "before the checkpoint";

export const PHASES: readonly Phase[] = [
  "snapshot read",
  "files written",
  "before the put",
  "after an ambiguous put",
  "before the checkpoint",
];

const CHECKPOINT = /\.checkpoint\.parquet$/;
const PAUSE_BEFORE = { kind: "pause", when: "before" } as const;
const PAUSE_AFTER = { kind: "pause", when: "after" } as const;
const ANSWER_LOST = { kind: "fail", when: "after" } as const;

/**
 * The storage calls at which an operation on a table of that version is in a phase, as faults of its store. undefined: it has no
 * such phase. The log is known up to that version, so that the look for the next one is the first call that any operation makes.
 */
export function faultsFor(operation: OperationName, phase: Phase, version: number): readonly Fault[] | undefined {
  const next = pathOf(version + 1);
  if (phase === "snapshot read") return [{ operation: "read", path: next, at: 1, effect: PAUSE_AFTER }];
  if (operation === "vacuum" || operation === "clean log") return faultsOfRemoval(operation, phase, next);
  if (operation === "checkpoint") return faultsOfCheckpoint(phase);
  switch (phase) {
    case "files written":
      return [{ operation: "stat", path: pathOf(version), at: 1, effect: PAUSE_BEFORE }];
    case "before the put":
      return [{ operation: "create", path: next, at: 1, effect: PAUSE_BEFORE }];
    case "after an ambiguous put":
      return [
        { operation: "create", path: next, at: 1, effect: ANSWER_LOST },
        { operation: "read", path: next, at: 2, effect: PAUSE_BEFORE },
      ];
    case "before the checkpoint":
      return [{ operation: "create", path: CHECKPOINT, at: 1, effect: PAUSE_BEFORE }];
  }
}

/** A vacuum looks once more when it has listed; either may end with half of it gone. */
function faultsOfRemoval(operation: "vacuum" | "clean log", phase: Phase, next: RegExp): readonly Fault[] | undefined {
  if (phase === "before the put") return [{ operation: "remove", at: 1, effect: PAUSE_BEFORE }];
  if (phase === "after an ambiguous put") {
    return [{ operation: "remove", at: 1, effect: { kind: "fail", when: "during" } }];
  }
  const hasListed = operation === "vacuum" && phase === "files written";
  return hasListed ? [{ operation: "read", path: next, at: 2, effect: PAUSE_BEFORE }] : undefined;
}

function faultsOfCheckpoint(phase: Phase): readonly Fault[] | undefined {
  if (phase === "before the put") return [{ operation: "create", path: CHECKPOINT, at: 1, effect: PAUSE_BEFORE }];
  if (phase === "after an ambiguous put")
    return [{ operation: "create", path: CHECKPOINT, at: 1, effect: PAUSE_AFTER }];
  // What comes after it is the hint.
  return phase === "before the checkpoint" ? [{ operation: "replace", at: 1, effect: PAUSE_BEFORE }] : undefined;
}

function pathOf(version: number): RegExp {
  return new RegExp(`^${commitFile(version).replaceAll(".", "\\.")}$`);
}
