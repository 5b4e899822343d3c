import { expect, test } from "vitest";
import { SluiceError, simulatedWorld } from "../../base/index.ts";
import type { RunReport, TableReport } from "../run-report.ts";
import { RunRecord } from "./run-record.ts";

const changed: TableReport = {
  table: "silver.orders",
  outcome: "changed",
  version: 1,
  rows: 10,
  quarantined: 0,
  verdict: undefined,
  waiting: [],
  skipped: [],
  error: undefined,
  elapsedMs: 5,
};

function recordOf(unrecorded?: SluiceError): { readonly record: RunRecord; readonly kept: RunReport[] } {
  const kept: RunReport[] = [];
  let runs = 0;
  const record = new RunRecord({
    world: simulatedWorld(1),
    newRun: () => `run-${(runs += 1)}`,
    record: async (report) => {
      kept.push(report);
      return unrecorded === undefined ? report : { ...report, unrecorded };
    },
  });
  return { record, kept };
}

test("a while in which nothing changed leaves no trace, and keeps its name", async () => {
  const { record, kept } = recordOf();
  expect(await record.keep([])).toBeUndefined();
  expect({ kept, run: record.run }).toEqual({ kept: [], run: "run-1" });
});

test("what was done has one name, and with it the small files that could not be put together; then another begins", async () => {
  const { record, kept } = recordOf();
  const error = new SluiceError("storage.full", "Cannot write");
  const failed = { kind: "failed", table: "silver.orders", of: "silver.orders", error } as const;
  record.compacted([failed]);
  expect(await record.keep([changed])).toBeUndefined();
  expect(record.run).toBe("run-2");
  await record.keep([changed]);
  expect(kept.map(({ run, compactions }) => ({ run, compactions }))).toEqual([
    { run: "run-1", compactions: [failed] },
    { run: "run-2", compactions: [] },
  ]);
});

test("what could not be recorded is told", async () => {
  const error = new SluiceError("storage.full", "Cannot write");
  expect(await recordOf(error).record.keep([changed])).toEqual({ table: "silver.orders", error });
});
