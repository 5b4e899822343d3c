import type { Effect } from "../../src/storage/index.ts";

/** What may befall a process at a storage call: its call fails before or after its effect, the store is full, or it dies. */
export const DEADLY_FAULTS = [
  { kind: "fail", when: "before" },
  { kind: "fail", when: "after" },
  { kind: "fail", when: "before", code: "storage.full" },
  { kind: "crash", when: "before" },
  { kind: "crash", when: "after" },
] as const satisfies readonly Effect[];

/** Also that it is stopped and goes on later. */
export const PROCESS_FAULTS: readonly Effect[] = [
  ...DEADLY_FAULTS,
  { kind: "pause", when: "before" },
  { kind: "pause", when: "after" },
];
