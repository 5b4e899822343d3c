import { describe, expect, test } from "vitest";
import type { ExportContent } from "./export-client.ts";
import { planRequests, type KnownExport, type RequestNeeds } from "./plan-requests.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOON = Date.parse("2026-03-01T12:00:00Z");
const place = { bucket: "raw", prefix: "orders" };

function plan(needs: Partial<RequestNeeds>): ReturnType<typeof planRequests> {
  const recovery = { earliestMs: NOON - 30 * DAY_MS, latestMs: NOON - 5 * MINUTE_MS };
  const wanted = { kind: "windows", everyMs: HOUR_MS } as const;
  const fixed = {
    table: "orders",
    tableId: "t",
    place,
    nowMs: NOON,
    recovery,
    reachedMs: undefined,
    known: [],
    wanted,
  };
  return planRequests({ ...fixed, ...needs });
}

function asked(needs: Partial<RequestNeeds>): readonly string[] {
  return plan(needs).orders.map(({ content }) => said(content));
}

/** `full 11:45`, `11:00–12:00`: minutes of the day, with its date where it is not the first of March. */
function said(content: ExportContent): string {
  if (content.kind === "full") return `full ${minute(content.timeMs)}`;
  return `${minute(content.fromMs)}–${minute(content.toMs)}`;
}

function minute(ms: number): string {
  const text = new Date(ms).toISOString();
  const [day, time] = [text.slice(5, 10), text.slice(11, 19).replace(/:00$/, "")];
  return day === "03-01" ? time : `${day} ${time}`;
}

function window(from: string, to: string, status: KnownExport["status"] = "complete"): KnownExport {
  const [fromMs, toMs] = [from, to].map((time) => Date.parse(`2026-03-01T${time}:00Z`)) as [number, number];
  return { content: { kind: "window", fromMs, toMs }, status, startedMs: toMs, endedMs: toMs + MINUTE_MS };
}

const at = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`);

describe("exports of a table without a stream", () => {
  test.each<[string, Partial<RequestNeeds>, readonly string[]]>([
    ["begin with a full one, at a quarter of an hour", {}, ["full 11:45"]],
    [
      "begin as late as can be where recovery is young",
      { recovery: { earliestMs: at("11:40"), latestMs: at("11:55") } },
      ["full 11:55"],
    ],
    ["wait for an hour to be over", { reachedMs: at("11:00") }, []],
    ["go on with windows of so many hours as are over", { reachedMs: at("08:30") }, ["08:30–11:30"]],
    [
      "cut what is long into days",
      { reachedMs: at("09:00") - 2 * DAY_MS },
      ["02-27 09:00–02-28 09:00", "02-28 09:00–09:00", "09:00–11:00"],
    ],
    ["are not asked for twice", { reachedMs: at("07:00"), known: [window("07:00", "11:00", "running")] }, []],
    [
      "fill the hole of one that failed, exactly",
      { reachedMs: at("06:00"), known: [window("06:00", "07:00", "failed"), window("07:00", "11:00")] },
      ["06:00–07:00"],
    ],
    [
      "end where one that failed did: another one may be behind it, of which nobody got the answer",
      { reachedMs: at("06:00"), known: [window("06:00", "07:00", "failed")] },
      ["06:00–07:00", "07:00–11:00"],
    ],
    [
      "leave nothing that is too short for a window behind one that failed",
      { reachedMs: at("06:00"), known: [window("06:00", "06:50", "failed"), window("07:00", "11:00")] },
      ["06:00–07:00"],
    ],
    [
      "begin anew rather than overlap where the hole is too short for a window",
      { reachedMs: at("06:50"), known: [window("07:00", "11:00")] },
      ["full 11:45"],
    ],
    [
      "begin anew where the past cannot be restored any more",
      { reachedMs: at("06:00"), recovery: { earliestMs: at("07:00"), latestMs: at("11:55") } },
      ["full 11:45"],
    ],
    [
      "go on behind a full export that somebody else asked for",
      { known: [{ content: { kind: "full", timeMs: at("08:00") }, status: "running", startedMs: at("08:01") }] },
      ["08:00–11:00"],
    ],
    [
      "go on where what is in ends, though another window covers that moment: it is not read",
      { reachedMs: at("03:00"), known: [window("02:15", "09:00")] },
      ["03:00–11:00"],
    ],
    [
      "go on from where windows that follow each other reach furthest, as they are read",
      { reachedMs: at("03:00"), known: [window("03:00", "05:00"), window("03:00", "04:00"), window("05:00", "06:00")] },
      ["06:00–11:00"],
    ],
  ])("%s", (_title, needs, expected) => {
    expect(asked(needs)).toEqual(expected);
  });

  test("need point-in-time recovery; the command is told", () => {
    const { orders, problem } = plan({ recovery: undefined });
    expect(orders).toEqual([]);
    expect(problem).toMatchObject({ code: "source.invalid", facts: { table: "orders" } });
    expect(problem?.advice).toContain("aws dynamodb update-continuous-backups --table-name orders");
  });

  test("that fail are asked for again under another token, later and later, and told of from the third time", () => {
    const tokens = new Set<string>();
    const waits: (number | undefined)[] = [];
    for (let times = 0; times < 6; times += 1) {
      const known = Array.from({ length: times }, () => ({ ...window("06:00", "07:00", "failed"), failure: "S3: no" }));
      const base = { reachedMs: at("06:00"), known, recovery: { earliestMs: 0, latestMs: NOON + 9 * DAY_MS } };
      let waited = 0;
      while (plan({ ...base, nowMs: at("07:01") + waited }).orders.length === 0) waited += MINUTE_MS;
      waits.push(waited / MINUTE_MS);
      const { orders, problem } = plan({ ...base, nowMs: at("07:01") + waited });
      tokens.add(orders[0]?.token ?? "");
      expect(problem?.code).toBe(times >= 3 ? "source.unavailable" : undefined);
      if (times >= 3) expect(problem?.message).toMatch(/failures=\d reason="S3: no"/);
    }
    expect(waits).toEqual([0, 5, 20, 80, 320, 1_280]);
    expect(tokens.size).toBe(6);
  });

  test("are eight at a time", () => {
    const plans = plan({ reachedMs: NOON - 20 * DAY_MS });
    expect(plans.orders).toHaveLength(8);
    expect(plans.waiting.at(-1)?.why).toMatch(/8 exports of the table are under way/);
  });
});

describe("exports beside a stream", () => {
  const reach = (goal: string) => ({ kind: "reach", goalMs: at(goal), epoch: 0 }) as const;

  test.each<[string, Partial<RequestNeeds>, readonly string[]]>([
    ["show the first moment that is sure to be in both", { wanted: reach("09:10") }, ["full 09:10"]],
    ["wait for that moment", { wanted: reach("11:58") }, []],
    ["of any time are enough where the stream is as old", { wanted: { ...reach("09:00"), goalMs: 0 } }, ["full 11:45"]],
    ["end there", { wanted: reach("09:10"), reachedMs: at("09:10") }, []],
    [
      "fill a gap by a window that ends where it must",
      { wanted: reach("11:20"), reachedMs: at("05:00") },
      ["05:00–11:20"],
    ],
    ["fill a short gap by the shortest window", { wanted: reach("05:10"), reachedMs: at("05:00") }, ["05:00–05:15"]],
    [
      "fill a long gap by several windows",
      { wanted: reach("11:00"), reachedMs: at("10:55") - DAY_MS },
      ["02-28 10:55–10:55", "10:55–11:10"],
    ],
    [
      "fill a gap by a full one where a window cannot",
      {
        wanted: reach("11:20"),
        reachedMs: at("05:00"),
        recovery: { earliestMs: at("06:00"), latestMs: at("11:55") },
      },
      ["full 11:20"],
    ],
  ])("%s", (_title, needs, expected) => {
    expect(asked(needs)).toEqual(expected);
  });
});
