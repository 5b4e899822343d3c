import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Coverage } from "./coverage.ts";
import type { FoundExport } from "./found-export.ts";
import { planExports, type ExportPlan, type ExportRules } from "./plan-exports.ts";

const RULES: ExportRules = { table: "orders", requireFullExport: true };

interface Made {
  readonly id?: string;
  readonly tableId?: string;
}

const hour = (count: number): string => new Date(Date.UTC(2024, 0, 1) + count * 3_600_000).toISOString();

function found(content: NonNullable<FoundExport["summary"]>["content"], name: string, made: Made): FoundExport {
  const { id = name, tableId = "first" } = made;
  return { folder: `AWSDynamoDB/${id}`, summary: { tableId, itemCount: 0, content } };
}

const full = (at: number, made: Made = {}): FoundExport => found({ kind: "full", time: hour(at) }, `full-${at}`, made);

const window = (from: number, to: number, made: Made = {}): FoundExport =>
  found({ kind: "window", from: hour(from), to: hour(to), view: "NEW_AND_OLD_IMAGES" }, `window-${from}-${to}`, made);

const running = (id = "running"): FoundExport => ({ folder: `AWSDynamoDB/${id}`, summary: undefined });

/** `full-0@0` : taken, with its epoch. */
function taken(plan: ExportPlan): readonly string[] {
  return plan.units.map((unit) => `${unit.export.folder.replace("AWSDynamoDB/", "")}@${unit.epoch}`);
}

function names(notices: readonly { readonly what: string }[]): readonly string[] {
  return notices.map(({ what }) => what.replace("AWSDynamoDB/", ""));
}

function stateAfter(plan: ExportPlan): Coverage | undefined {
  const after = plan.units.at(-1)?.after;
  return after === undefined ? undefined : { ...after, settled: {} };
}

describe("a snapshot and windows that tile", () => {
  test("are taken in the order of their ends, however they were found", () => {
    const exports = [full(10), window(10, 11), window(11, 12), window(12, 14)];
    fc.assert(
      fc.property(fc.shuffledSubarray(exports, { minLength: 4 }), (shuffled) => {
        const plan = planExports(shuffled, undefined, RULES);
        expect(taken(plan)).toEqual(["full-10@0", "window-10-11@0", "window-11-12@0", "window-12-14@0"]);
        expect(plan.problem).toBeUndefined();
        expect(stateAfter(plan)?.coveredTo).toBe(hour(14));
      }),
    );
  });

  test("leave out what ends before the snapshot", () => {
    const plan = planExports([window(8, 10), full(10), window(10, 11)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-10@0", "window-10-11@0"]);
    expect(names(plan.skipped)).toEqual(["window-8-10"]);
  });

  test("do not go on by a window that straddles the snapshot: an item in it may have gone without a trace", () => {
    const straddling = [window(9, 11), full(10)];
    const plan = planExports(straddling, undefined, RULES);
    expect(taken(plan)).toEqual(["full-10@0"]);
    expect(plan.problem).toMatchObject({
      code: "source.gap",
      facts: { from: hour(10), begins: hour(9), to: hour(11) },
    });
    const mended = planExports([...straddling, window(10, 11), window(11, 12)], stateAfter(plan), RULES);
    expect(taken(mended)).toEqual(["window-10-11@0", "window-11-12@0"]);
    expect(names(mended.skipped)).toEqual(expect.arrayContaining(["window-9-11"]));
    expect(mended.problem).toBeUndefined();
  });

  test("begin at the whole second of a snapshot that was taken within it", () => {
    const taken10 = found({ kind: "full", time: hour(10).replace(".000Z", ".028Z") }, "full-10", {});
    expect(taken(planExports([taken10, window(10, 11)], undefined, RULES))).toEqual(["full-10@0", "window-10-11@0"]);
  });

  test("are taken once, though delivered twice: under another id or the same", () => {
    const exports = [full(0), window(0, 1), full(0, { id: "again" }), window(0, 1, { id: "copy" })];
    const plan = planExports(exports, undefined, RULES);
    expect(plan.units).toHaveLength(2);
    expect(plan.skipped).toHaveLength(2);
    const later = planExports(exports, stateAfter(plan), RULES);
    expect(later.units).toEqual([]);
    expect(later.skipped).toHaveLength(4);
    expect(later.settled.size).toBe(4);
  });

  test("may overlap where others tile: what adds nothing is skipped", () => {
    const plan = planExports([full(0), window(0, 2), window(1, 2), window(1, 3), window(2, 3)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-2@0", "window-2-3@0"]);
    expect(names(plan.skipped)).toEqual(expect.arrayContaining(["window-1-2", "window-1-3"]));
    expect(plan.problem).toBeUndefined();
  });

  test("are chosen so that they reach furthest, and then so that they are short", () => {
    const exports = [full(0), window(0, 2), window(0, 1), window(1, 3), window(3, 4), window(2, 3)];
    expect(taken(planExports(exports, undefined, RULES))).toEqual([
      "full-0@0",
      "window-0-1@0",
      "window-1-3@0",
      "window-3-4@0",
    ]);
    const other = [full(0), window(0, 1), window(0, 2), window(2, 4)];
    expect(taken(planExports(other, undefined, RULES))).toEqual(["full-0@0", "window-0-2@0", "window-2-4@0"]);
  });

  test("take a later snapshot inside of what is covered once, in the same epoch, after the window that ends with it", () => {
    const exports = [full(0), window(0, 2), window(2, 4), full(2), full(3)];
    const plan = planExports(exports, undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-2@0", "full-2@0", "window-2-4@0", "full-3@0"]);
    expect(planExports(exports, stateAfter(plan), RULES).units).toEqual([]);
  });
});

describe("a hole", () => {
  test("stops the table after what comes before it, and is named", () => {
    const plan = planExports([full(0), window(0, 1), window(2, 3), window(3, 4)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-1@0"]);
    expect(plan.problem).toMatchObject({ code: "source.gap", facts: { from: hour(1), to: hour(2), exports: 2 } });
    expect(plan.settled.has("AWSDynamoDB/window-2-3")).toBe(false);
  });

  test("is closed by the missing window, in a later run", () => {
    const before = planExports([full(0), window(0, 1), window(2, 3)], undefined, RULES);
    const after = planExports([window(2, 3), window(1, 2)], stateAfter(before), RULES);
    expect(taken(after)).toEqual(["window-1-2@0", "window-2-3@0"]);
    expect(after.problem).toBeUndefined();
  });

  test("is closed by a longer window that ends after others", () => {
    const plan = planExports([full(0), window(2, 3), window(0, 4)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-4@0"]);
    expect(plan.problem).toBeUndefined();
  });

  test("is waited for while an export is running, and the later windows with it", () => {
    const plan = planExports([full(0), running(), window(1, 2), full(3)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0"]);
    expect(names(plan.waiting)).toEqual(["running", "window-1-2", "full-3"]);
    expect(plan.problem).toBeUndefined();
  });

  test("ends with a later snapshot, which begins a new epoch", () => {
    const plan = planExports([full(0), window(1, 2), full(3), window(3, 4), window(4, 5)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "full-3@1", "window-3-4@1", "window-4-5@1"]);
    expect(names(plan.skipped)).toEqual(["window-1-2"]);
    expect(plan.problem).toBeUndefined();
  });
});

describe("snapshots alone", () => {
  test("are an epoch each, and do not wait for a running one", () => {
    const plan = planExports([full(0), full(24), running(), full(48)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "full-24@1", "full-48@2"]);
  });

  test("that arrive late do not go back", () => {
    const before = planExports([full(24)], undefined, RULES);
    const plan = planExports([full(0), full(24)], stateAfter(before), RULES);
    expect(plan.units).toEqual([]);
    expect(names(plan.skipped)).toEqual(["full-0", "full-24"]);
  });
});

describe("a beginning", () => {
  test("without any export is refused, unless one is running", () => {
    expect(planExports([], undefined, RULES).problem?.code).toBe("source.missing");
    const plan = planExports([running(), window(0, 1)], undefined, RULES);
    expect(plan.problem).toBeUndefined();
    expect(names(plan.waiting)).toEqual(["running", "window-0-1"]);
  });

  test("with windows alone is refused, unless they reach back to the table's creation", () => {
    const windows = [window(1, 2), window(0, 1)];
    expect(planExports(windows, undefined, RULES).problem?.code).toBe("source.gap");
    const plan = planExports([...windows, full(1)], undefined, { ...RULES, requireFullExport: false });
    expect(taken(plan)).toEqual(["window-0-1@0", "full-1@0", "window-1-2@0"]);
  });

  test("passes over exports of other tables", () => {
    const others = ["other", "more"].map((id) => ({
      folder: `AWSDynamoDB/${id}`,
      summary: undefined,
      otherTable: "customers",
    }));
    const plan = planExports([...others, full(1)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-1@0"]);
    expect(names(plan.skipped)).toEqual(["other"]);
    expect(plan.settled.has("AWSDynamoDB/more")).toBe(true);
    expect(plan.waiting).toEqual([]);
  });
});

describe("a table made anew under the same name", () => {
  test("begins an epoch with its own snapshot", () => {
    const made = { tableId: "second" };
    const plan = planExports([full(0), window(0, 1), full(9, made), window(9, 10, made)], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-1@0", "full-9@1", "window-9-10@1"]);
    expect(stateAfter(plan)?.tableId).toBe("second");
    const later = planExports([full(0), window(0, 1)], stateAfter(plan), RULES);
    expect(names(later.skipped)).toEqual(["full-0", "window-0-1"]);
  });

  test("is refused without one", () => {
    const plan = planExports([full(0), window(0, 1), window(9, 10, { tableId: "second" })], undefined, RULES);
    expect(taken(plan)).toEqual(["full-0@0", "window-0-1@0"]);
    expect(plan.problem).toMatchObject({ code: "source.invalid", facts: { id: "first", other: "second" } });
  });
});

describe("an export of which a part is in", () => {
  const partial = { unit: `full ${hour(0)}`, filesTaken: 3, digest: "d" };
  const state: Coverage = { format: 1, tableId: "first", epoch: 0, base: hour(0), coveredTo: null, snapshots: [], hasWindows: false, partial, settled: {} }; // prettier-ignore

  test("is gone on with first, from whichever copy is there", () => {
    const plan = planExports([full(0, { id: "copy" }), window(0, 1)], state, RULES);
    expect(taken(plan)).toEqual(["copy@0", "window-0-1@0"]);
  });

  test("is missed when it is gone, unless a later snapshot takes its place", () => {
    expect(planExports([], state, RULES).problem?.code).toBe("source.missing");
    expect(planExports([window(0, 1)], state, RULES).problem?.code).toBe("source.gap");
    expect(taken(planExports([full(5)], state, RULES))).toEqual(["full-5@1"]);
  });
});

describe("whatever is delivered when", () => {
  test("every moment up to where coverage reaches is in a unit of its epoch or before its snapshot, and nothing is taken twice", () => {
    const anyExport = fc.oneof(
      fc.integer({ min: 0, max: 12 }).map((at) => full(at)),
      fc.tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 1, max: 3 })).map(([from, length]) => window(from, from + length)), // prettier-ignore
    );
    fc.assert(
      fc.property(fc.array(fc.array(anyExport, { maxLength: 8 }), { maxLength: 5 }), (deliveries) => {
        let state: Coverage | undefined;
        const there: FoundExport[] = [];
        const seen = new Set<string>();
        for (const delivery of deliveries) {
          there.push(...delivery);
          const plan = planExports(there, state, RULES);
          for (const { export: unit, epoch, after } of plan.units) {
            const { content } = unit.summary;
            const name = `${epoch} ${JSON.stringify(content)}`;
            expect(seen.has(name)).toBe(false);
            seen.add(name);
            const start = content.kind === "full" ? content.time : content.from;
            const isNewEpoch = state?.epoch !== epoch;
            expect(isNewEpoch ? content.kind === "full" : start <= (state?.coveredTo ?? "")).toBe(true);
            state = { ...after, settled: {} };
          }
          const again = planExports(there, state, RULES);
          expect(again.units).toEqual([]);
          expect(again.problem?.code).toBe(plan.problem?.code);
        }
      }),
    );
  });
});
