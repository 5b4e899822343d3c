import { describe, expect, test } from "vitest";
import { recordedIo } from "../../test/cli/recorded-io.ts";
import { FlagValues } from "./arguments/flag-values.ts";
import { Meter, showProgress } from "./progress.ts";
import { newSession } from "./session.ts";

const WIDE = 200;
const read = (detail: string, rows: number, bytes = 0) =>
  ({ table: "bronze.orders", phase: "read", detail, rows, bytes }) as const;

describe("Meter", () => {
  test("says nothing before anything happened", () => {
    expect(new Meter().line(0, WIDE)).toBeUndefined();
  });

  test("adds up the batches of a table, and says how fast and how long", () => {
    const meter = new Meter();
    meter.expect("bronze.orders", 10_000);
    meter.take(read("full export", 0), 1_000);
    meter.take(read("full export", 1_000, 5_000_000), 2_000);
    meter.take({ table: "bronze.orders", phase: "write", detail: "full export", rows: 1_000 }, 2_500);
    meter.take(read("window 1", 1_000, 1_000_000), 3_000);
    expect(meter.line(3_000, WIDE)).toBe(
      "bronze.orders  reading window 1  2,000 of 10,000 rows · 1,000/s · 6.0 MB · 8.0 s left",
    );
  });

  test("starts anew with another table, and shows how long work without rows takes", () => {
    const meter = new Meter();
    meter.take(read("full export", 500), 1_000);
    meter.take({ table: "silver.orders", phase: "fold", detail: "", rows: 0 }, 2_000);
    expect(meter.line(5_000, WIDE)).toBe("silver.orders  folding  4.0 s");
  });

  test("a finished table does not seem to get slower", () => {
    const meter = new Meter();
    meter.expect("bronze.orders", 1_000);
    meter.take(read("full export", 0), 0);
    meter.take(read("full export", 1_000), 1_000);
    expect(meter.line(60_000, WIDE)).toBe("bronze.orders  reading full export  1,000 of 1,000 rows · 1,000/s");
  });

  test("cuts the title, not the figures", () => {
    const meter = new Meter();
    meter.take(read("a title that goes on and on and on", 0), 0);
    meter.take(read("a title that goes on and on and on", 1_000), 1_000);
    const line = meter.line(1_000, 64) ?? "";
    expect(line).toContain("1,000 rows · 1,000/s");
    expect(line.length).toBeLessThanOrEqual(64);
  });
});

describe("showProgress", () => {
  test("draws one changing line on a terminal and wipes it", () => {
    const recorded = recordedIo({ isTTY: true, columns: 80 });
    const progress = showProgress(newSession(recorded.io, new FlagValues(new Map()), []));
    recorded.tick();
    expect(recorded.stderr()).toBe("");
    progress.onProgress(read("full export", 5));
    recorded.tick();
    progress[Symbol.dispose]();
    recorded.tick();
    expect(recorded.stderr()).toMatch(/^\rbronze\.orders {2}reading full export {2}5 rows.*\u001b\[K\r\u001b\[K$/); // oxlint-disable-line no-control-regex
  });

  test("writes plain lines elsewhere, and nothing when quiet", () => {
    const recorded = recordedIo();
    using progress = showProgress(newSession(recorded.io, new FlagValues(new Map()), []));
    progress.onProgress(read("full \u001b[31mexport", 5));
    recorded.tick();
    expect(recorded.stderr()).toMatch(/^bronze\.orders {2}reading full \\u001b\[31mexport {2}5 rows.*\n$/);
    const silent = recordedIo();
    using none = showProgress(newSession(silent.io, new FlagValues(new Map([["quiet", true]])), []));
    none.onProgress(read("full export", 5));
    silent.tick();
    expect(silent.stderr()).toBe("");
  });
});
