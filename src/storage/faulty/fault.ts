import type { FailureCode } from "../../base/index.ts";

export type StoreOperation = "read" | "stat" | "create" | "createFromFile" | "replace" | "list" | "remove";

export interface StoreCall {
  readonly operation: StoreOperation;
  /** Of a `list` its prefix, of a `remove` its first path. */
  readonly path: string;
}

/**
 * When it strikes: before anything happened; after the call took effect, so that its answer is lost; or `during` it,
 * with half of a `remove` done, or one object of a `list` delivered (elsewhere the same as `after`: other calls have
 * no half, the port forbids it).
 */
export type Moment = "before" | "during" | "after";

export type Effect =
  /** The call fails, by default with `storage.unavailable`. */
  | { readonly kind: "fail"; readonly when: Moment; readonly code?: FailureCode }
  /** The process dies: a `SimulatedCrash`, and every later or unfinished call of this store ends in one. */
  | { readonly kind: "crash"; readonly when: Moment }
  /** The process is stopped (SIGSTOP): this and every other call of this store wait for `release`. */
  | { readonly kind: "pause"; readonly when: Moment }
  /** The answer takes its time, by the world's clock. */
  | { readonly kind: "delay"; readonly ms: number }
  /** A `read` answers with one bit turned over, or without its last byte. */
  | { readonly kind: "damage"; readonly how: "flip" | "truncate" }
  /** A `list` does not know the last objects yet (stores that list late). */
  | { readonly kind: "stale"; readonly missing: number };

/** An effect on the n-th call (from 1) of those that match operation and path, and on `times - 1` after it. */
export interface Fault {
  readonly effect: Effect;
  readonly at: number;
  readonly times?: number;
  readonly operation?: StoreOperation;
  readonly path?: RegExp;
}

/** The death of a simulated process. No `SluiceError`: nothing may treat it as an answer. */
export class SimulatedCrash extends Error {
  readonly call: StoreCall;

  constructor(call: StoreCall) {
    super(`The simulated process died: operation=${call.operation} path=${JSON.stringify(call.path)}`);
    this.name = "SimulatedCrash";
    this.call = call;
  }
}

export function matches(fault: Fault, call: StoreCall): boolean {
  if (fault.operation !== undefined && fault.operation !== call.operation) return false;
  return fault.path === undefined || fault.path.test(call.path);
}
