import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PublishMark } from "../../targets/index.ts";
import { decideClaim, type ClaimWish, type PublishWork } from "./decide-claim.ts";

const WISH: ClaimWish = {
  publisher: "shop/gold.daily",
  source: "table-1",
  fingerprint: "f",
  version: 7,
  run: "run-2",
  nowMs: 1_000,
  takesOver: false,
  repairs: false,
};
const MARK: PublishMark = {
  publisher: "shop/gold.daily",
  source: "table-1",
  epoch: 500,
  fingerprint: "f",
  published: 4,
  claimed: 4,
  owner: "run-1",
  done: 0,
  state: "clean",
};
const unfinished = { ...MARK, claimed: 5, done: 40 };

describe("what a publish may do", () => {
  test.each<[string, Partial<PublishMark> | undefined, Partial<ClaimWish>, unknown]>([
    [
      "nothing was published",
      undefined,
      {},
      { work: { kind: "everything", skip: 0 }, mark: { epoch: 1_000, published: -1 } },
    ],
    ["all is there", { published: 7, claimed: 7 }, {}, { kind: "current" }],
    [
      "an older version is there",
      {},
      {},
      { work: { kind: "changes", from: 4, touched: false, skip: 0 }, mark: { claimed: 7 } },
    ],
    ["a newer version is there", { published: 8, claimed: 8 }, {}, { kind: "refused", why: "newer-version" }],
    ["a newer version was begun", { claimed: 8 }, {}, { kind: "refused", why: "newer-version" }],
    ["another table is there", { source: "table-2" }, {}, { kind: "refused", why: "other-source" }],
    [
      "the same was begun",
      { ...unfinished, claimed: 7 },
      {},
      { work: { kind: "changes", from: 4, touched: false, skip: 40 } },
    ],
    [
      "another was begun",
      unfinished,
      {},
      { work: { kind: "changes", touched: true, skip: 0 }, mark: { state: "mixed" } },
    ],
    [
      "two others were begun",
      { ...unfinished, state: "mixed" },
      {},
      { work: { touched: true }, mark: { state: "mixed" } },
    ],
    [
      "the first was begun",
      { ...unfinished, published: -1, claimed: 7 },
      {},
      { work: { kind: "everything", skip: 40 } },
    ],
    [
      "a first one was begun and overtaken",
      { ...unfinished, published: -1 },
      {},
      { work: { kind: "compare", settles: true } },
    ],
    [
      "a comparison was begun",
      { ...unfinished, claimed: 7, state: "unknown" },
      {},
      { work: { kind: "compare" }, mark: { done: 0 } },
    ],
    [
      "keys are others",
      { published: 7, claimed: 7 },
      { fingerprint: "g" },
      { work: { kind: "compare", settles: false } },
    ],
    [
      "a repair",
      { published: 7, claimed: 7 },
      { repairs: true },
      { work: { kind: "compare" }, mark: { epoch: 500, published: 7 } },
    ],
    [
      "taking over",
      { source: "table-2", epoch: 2_000 },
      { takesOver: true },
      { work: { kind: "compare" }, mark: { epoch: 2_001, published: -1 } },
    ],
    [
      "taking over what needs none",
      {},
      { takesOver: true },
      { work: { kind: "changes", from: 4 }, mark: { epoch: 500 } },
    ],
    ["capacity is raised", { ...unfinished, raisedFrom: 5 }, {}, { mark: { raisedFrom: 5 } }],
  ])("where %s", (_what, mark, wish, wanted) => {
    const before = mark === undefined ? undefined : { ...MARK, ...mark };
    expect(decideClaim(before, { ...WISH, ...wish })).toMatchObject(wanted as object);
  });
});

type Version = ReadonlyMap<string, number>;
/** A table's life: its versions, and others after it was made anew. */
interface History {
  readonly versions: readonly { readonly source: string; readonly version: number; readonly rows: Version }[];
}

interface Stored {
  readonly epoch: number;
  readonly version: number;
  /** undefined: a tombstone. */
  readonly value: number | undefined;
}

/** A target that keeps its conditions, and nothing else. */
class Model {
  readonly items = new Map<string, Stored>();
  /** Runs that have claimed, and of these those that must have noticed that another one has, too. */
  readonly claimed = new Set<number>();
  readonly fenced = new Set<number>();
  mark: PublishMark | undefined;

  write(key: string, next: Stored): "written" | "present" | "newer" {
    const there = this.items.get(key);
    const order = there === undefined ? -1 : there.epoch - next.epoch || there.version - next.version;
    if (order > 0) return "newer";
    if (order === 0 && there?.value === next.value) return "present";
    this.items.set(key, next);
    return "written";
  }

  shown(): Record<string, number> {
    const live = [...this.items].flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as const]));
    return Object.fromEntries(live.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }
}

/** A run that publishes one version, one step at a time; it may be left at any of them, and go on at any later moment. */
function* publisher(
  model: Model,
  history: History,
  { at, run, takesOver }: { at: number; run: number; takesOver: boolean },
): Generator<void, "done" | "stopped"> {
  const now = history.versions[at];
  if (now === undefined) return "stopped";
  const before = model.mark;
  yield;
  const decision = decideClaim(before, { ...WISH, ...now, run: `run-${run}`, nowMs: 1_000 + run, takesOver });
  if (decision.kind !== "claim") return decision.kind === "current" ? "done" : "stopped";
  if (model.mark !== before) return "stopped";
  const { mark, work } = decision;
  model.mark = mark;
  const others = [...model.claimed];
  model.claimed.add(run);
  yield;
  // Who waits for the others to notice finds none of them at work any more.
  if (work.kind === "compare" && work.settles) for (const other of others) model.fenced.add(other);
  for (const key of changedKeys(model, history, { at, work })) {
    yield;
    if (model.fenced.has(run)) return "stopped";
    const verdict = model.write(key, { epoch: mark.epoch, version: mark.claimed, value: now.rows.get(key) });
    if (verdict === "newer") return "stopped";
  }
  yield;
  if (model.mark !== mark) return "stopped";
  model.mark = { ...mark, published: mark.claimed, done: 0, state: "clean" };
  return "done";
}

function differs(one: Version, other: Version): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((key) => one.get(key) !== other.get(key));
}

function changedKeys(model: Model, { versions }: History, { at, work }: { at: number; work: PublishWork }): string[] {
  const now = versions[at];
  if (now === undefined) return [];
  if (work.kind === "everything") return [...now.rows.keys()];
  if (work.kind === "compare") return differs(new Map(Object.entries(model.shown())), now.rows);
  const own = versions.filter(
    ({ source, version }) => source === now.source && version >= work.from && version <= now.version,
  );
  const [from] = own;
  if (from === undefined) return [];
  if (!work.touched) return differs(from.rows, now.rows);
  return [...new Set(own.slice(1).flatMap(({ rows }, index) => differs(own[index]?.rows ?? rows, rows)))];
}

const rows = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }))
  .map((value): Version => new Map(Object.entries(value)));

describe("whatever runs, stops and comes back", () => {
  const schedule = fc.record({
    before: fc.array(rows, { minLength: 1, maxLength: 6 }),
    anew: fc.array(rows, { maxLength: 3 }),
    /** Which version each run publishes, whether it may take over, and which run takes how many steps, one after the other. */
    runs: fc.array(fc.record({ at: fc.nat(8), takesOver: fc.boolean() }), { minLength: 1, maxLength: 6 }),
    turns: fc.array(fc.record({ run: fc.nat(5), steps: fc.integer({ min: 1, max: 6 }) }), { maxLength: 40 }),
    late: fc.array(fc.nat(5), { maxLength: 30 }),
  });

  test("the target ends as the newest version, and nothing that is late changes it", () => {
    fc.assert(
      fc.property(schedule, ({ before, anew, runs, turns, late }) => {
        const versions = [
          ...before.map((one, version) => ({ source: "table-1", version, rows: one })),
          ...anew.map((one, version) => ({ source: "table-2", version, rows: one })),
        ];
        const history: History = { versions };
        const model = new Model();
        const processes = runs.map(({ at, takesOver }, run) =>
          publisher(model, history, { at: at % versions.length, run, takesOver }),
        );
        for (const { run, steps } of turns) {
          const process = processes[run % processes.length];
          for (let step = 0; step < steps; step += 1) process?.next();
        }
        const last = { at: versions.length - 1, run: runs.length, takesOver: true };
        const final = publisher(model, history, last);
        for (;;) {
          const { done, value } = final.next();
          if (done !== true) continue;
          expect(value).toBe("done");
          break;
        }
        const wanted = Object.fromEntries(
          [...(versions.at(-1)?.rows ?? [])].toSorted(([one], [other]) => (one < other ? -1 : 1)),
        );
        expect(model.shown()).toEqual(wanted);
        // Runs that were left somewhere go on, and those that claim only now are refused, unless somebody lets them take over.
        for (const run of late.map((one) => one % processes.length)) {
          if (model.claimed.has(run) || runs[run]?.takesOver !== true) processes[run]?.next();
        }
        expect(model.shown()).toEqual(wanted);
      }),
      { numRuns: Number(process.env["FC_RUNS"] ?? "2000") },
    );
  });
});
