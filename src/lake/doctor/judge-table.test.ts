import { describe, expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import type { DynamoDbDefinition } from "../../definition/index.ts";
import type { TableSurvey } from "../../sources/index.ts";
import { judgeTable, type JudgedTable } from "./judge-table.ts";
import { recommendLanding } from "./recommend-landing.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WISHES = { freshnessMs: HOUR_MS, outageMs: 24 * HOUR_MS };

const SURVEY: TableSurvey = {
  arn: "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
  keys: ["id"],
  items: 1_000,
  sizeBytes: 1e6,
  createdMs: 0,
  capacity: { kind: "on-demand", readMost: undefined },
  replicas: [],
  stream: { view: "NEW_AND_OLD_IMAGES", createdMs: { value: 0 }, shards: { value: 1 } },
  canExport: { value: true },
  ttlAttribute: { value: undefined },
  kinesisStreams: { value: [] },
  aheadMs: 100,
};
const SOURCE: DynamoDbDefinition = { kind: "dynamodb", table: "orders", keys: ["id"], scan: {}, stream: true };

function judged(change: Partial<Omit<JudgedTable, "survey" | "source">> & { survey?: object; source?: object } = {}) {
  const { survey, source, ...rest } = change;
  const table = { name: "bronze.orders", feedsRows: true, wishes: WISHES, ...rest };
  return judgeTable({ ...table, survey: { ...SURVEY, ...survey }, source: { ...SOURCE, ...source } });
}

/** What is not well, with the line to type. */
function flaws(change: Parameters<typeof judged>[0]): readonly string[] {
  return judged(change)
    .filter(({ level }) => level !== "ok")
    .map(({ level, check, next = "" }) => `${level} ${check}: ${next}`);
}

const KINESIS = "arn:aws:kinesis:eu-central-1:123456789012:stream/changes";

const PROVISIONED = { kind: "provisioned", read: 50, write: 5, isActive: true, decreases: 0, decreasedMs: undefined };

describe("what fits between a definition and its table, and what will break", () => {
  test("nothing is said against what fits", () => {
    expect(flaws({})).toEqual([]);
    expect(judged().map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        "size",
        "keys",
        "stream",
        "shards",
        "ttl",
        "capacity",
        "scan",
        "freshness",
        "outage",
        "clock",
      ]),
    );
  });

  test.each<[string, Parameters<typeof judged>[0], readonly string[]]>([
    ["another key", { survey: { keys: ["pk", "sk"] } }, ['problem keys: keys: ["pk","sk"]']],
    [
      "no stream",
      { survey: { stream: undefined } },
      ["problem stream: aws dynamodb update-table --table-name orders --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"], // prettier-ignore
    ],
    [
      "a stream of keys",
      { survey: { stream: { ...SURVEY.stream, view: "KEYS_ONLY" } } },
      ["problem stream: fetchItems: true"],
    ],
    [
      "a stream of keys into Bronze alone",
      { feedsRows: false, survey: { stream: { ...SURVEY.stream, view: "KEYS_ONLY" } } },
      [],
    ],
    [
      "a stream of keys whose items are fetched",
      { source: { fetchItems: {} }, survey: { stream: { ...SURVEY.stream, view: "OLD_IMAGE" } } },
      [],
    ],
    ["a global table", { survey: { replicas: ["us-east-1"] } }, ["warning readers: "]],
    [
      "a TTL attribute that nobody named",
      { survey: { ttlAttribute: { value: "expires" } } },
      ['warning ttl: ttl: "expires"'],
    ],
    [
      "a TTL attribute by which nothing expires",
      { source: { ttlAttribute: "expires" } },
      ["warning ttl: take `ttl` away, or switch it on"],
    ],
    [
      "exports without point-in-time recovery",
      {
        source: { exports: { folder: "/raw", requireFull: true }, scan: undefined, stream: false },
        survey: { canExport: { value: false } },
      },
      ["problem recovery: aws dynamodb update-continuous-backups --table-name orders --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"], // prettier-ignore
    ],
    [
      "a scan that takes everything",
      { survey: { capacity: PROVISIONED } },
      ['warning scan: scan: { readCapacity: "25%" }'],
    ],
    [
      "a scan that may use more than there is",
      { survey: { capacity: PROVISIONED }, source: { scan: { readCapacity: 400 } } },
      ["warning scan: raiseTo: 400"],
    ],
    [
      "a scan that takes longer than until the next one",
      { survey: { sizeBytes: 1e12 }, source: { scan: { everyMs: HOUR_MS, readCapacity: 100 }, stream: false } },
      ['problem scan: landing: "stream"'],
    ],
    [
      "scans rarer than wished",
      { source: { scan: { everyMs: 6 * HOUR_MS }, stream: false } },
      ['problem freshness: scan: { every: "60 minutes" }'],
    ],
    [
      "exports that cannot be as fresh as wished",
      {
        wishes: { ...WISHES, freshnessMs: 5 * MINUTE_MS },
        source: { exports: { folder: "/raw", requireFull: true }, scan: undefined, stream: false },
      },
      ['problem freshness: landing: "stream"'],
    ],
    [
      "a pause that exports have to fill",
      {
        wishes: { ...WISHES, outageMs: 72 * HOUR_MS },
        source: { exports: { folder: "/raw", requireFull: true }, scan: undefined },
      },
      ["warning outage: requestExports: true"],
    ],
    [
      "files that come later than wished",
      {
        wishes: { ...WISHES, freshnessMs: MINUTE_MS },
        source: { firehose: { folder: "/changes" }, scan: undefined, stream: false },
      },
      ["warning freshness: BufferingHints.IntervalInSeconds of the delivery stream"],
    ],
    [
      "a Kinesis stream that the table does not feed",
      { source: { kinesis: { stream: "other" }, stream: false }, survey: { kinesisStreams: { value: [KINESIS] } } },
      ["problem kinesis: aws dynamodb enable-kinesis-streaming-destination --table-name orders --stream-arn arn:aws:kinesis:<region>:<account>:stream/other"], // prettier-ignore
    ],
    [
      "a Kinesis stream that forgets earlier than wished, with nothing to fill the gap",
      {
        wishes: { ...WISHES, freshnessMs: MINUTE_MS, outageMs: 72 * HOUR_MS },
        source: { kinesis: { stream: "changes" }, stream: false, scan: undefined, exports: { folder: "/raw", requireFull: true } }, // prettier-ignore
        survey: { kinesisStreams: { value: [KINESIS] } },
      },
      [
        "warning outage: aws kinesis increase-stream-retention-period --stream-name changes --retention-period-hours 72",
      ],
    ],
    [
      "a Kinesis stream of which nobody may ask",
      {
        source: { kinesis: { stream: KINESIS }, stream: false },
        survey: { kinesisStreams: { unknown: new SluiceError("source.denied", "Cannot ask where changes go") } },
      },
      ["warning kinesis: dynamodb:DescribeKinesisStreamingDestination on the table"],
    ],
    [
      "a Kinesis stream that a scan stands beside",
      {
        wishes: { freshnessMs: MINUTE_MS, outageMs: 72 * HOUR_MS },
        source: { kinesis: { stream: KINESIS }, stream: false },
        survey: { kinesisStreams: { value: [KINESIS] } },
      },
      [],
    ],
    [
      "a pause that an export fills by itself",
      {
        wishes: { ...WISHES, outageMs: 72 * HOUR_MS },
        source: { exports: { folder: "/raw", requireFull: true, requests: { everyMs: HOUR_MS } }, scan: undefined },
      },
      [],
    ],
    [
      "an index that is read each run",
      {
        source: {
          incremental: { index: "by_time", attribute: "at", partitions: [], overlapMs: 0 },
          scan: { everyMs: 24 * HOUR_MS },
          stream: false,
        },
      },
      [],
    ],
    ["a pause that a scan fills", { wishes: { ...WISHES, outageMs: 72 * HOUR_MS } }, []],
    ["a clock that is off", { survey: { aheadMs: -90_000 } }, ["warning clock: timedatectl set-ntp true"]],
    [
      "a clock that is off by more than scans stand back",
      { survey: { aheadMs: 6 * MINUTE_MS } },
      ["warning clock: timedatectl set-ntp true"],
    ],
    [
      "what these credentials may not ask",
      { survey: { ttlAttribute: { unknown: new SluiceError("source.denied", "Cannot ask for the table's TTL") } } },
      ["warning ttl: dynamodb:DescribeTimeToLive on the table"],
    ],
  ])("%s", (_title, change, expected) => {
    expect(flaws(change)).toEqual(expected);
  });
});

describe("the landing that fits", () => {
  const table = { items: 1e6, sizeBytes: 50e9, changesPerDay: 1e6, shards: 10 };
  test.each<[string, object, object, string]>([
    ["a large table that is to be fresh", {}, { freshnessMs: MINUTE_MS }, "stream"],
    ["a large table, an hour old at most", {}, {}, "stream"],
    ["a large table whose pauses are long", {}, { outageMs: 72 * HOUR_MS }, "export"],
    [
      "a large table that is to be fresh, whose pauses are long",
      {},
      { freshnessMs: MINUTE_MS, outageMs: 72 * HOUR_MS },
      "stream",
    ],
    [
      "a large table, minutes old at most, whose pauses are long",
      {},
      { freshnessMs: 10 * MINUTE_MS, outageMs: 72 * HOUR_MS },
      "firehose",
    ],
    [
      "a large table that is to be fresh, whose pauses are long, and which feeds a Kinesis stream",
      { kinesisStream: KINESIS },
      { freshnessMs: MINUTE_MS, outageMs: 72 * HOUR_MS },
      "kinesis",
    ],
    ["a table that feeds a Kinesis stream, and needs none", { kinesisStream: KINESIS }, {}, "stream"],
    ["a small table, a day old at most", { sizeBytes: 5e6 }, { freshnessMs: 24 * HOUR_MS }, "scan"],
    ["a small table that is to be fresh", { sizeBytes: 5e6 }, { freshnessMs: MINUTE_MS }, "stream"],
  ])("%s", (_title, numbers, wishes, expected) => {
    const { landing, reasons, monthly } = recommendLanding({ ...table, ...numbers }, { ...WISHES, ...wishes });
    expect(landing).toBe(expected);
    expect(reasons).not.toHaveLength(0);
    expect(monthly.map((cost) => cost.landing)).toEqual([
      expected,
      ...["stream", "kinesis", "firehose", "export", "scan"].filter((one) => one !== expected),
    ]);
  });

  test("costs follow from the table: units of a scan from its bytes, exports from what changes, a stream from its shards", () => {
    const { monthly } = recommendLanding(table, { ...WISHES, freshnessMs: 24 * HOUR_MS });
    const of = (name: string) => monthly.find(({ landing }) => landing === name);
    // 50 GB in 4 KB at half a unit each, every day of thirty.
    expect(of("scan")).toMatchObject({ readUnits: 183_105_480, usd: expect.closeTo(22.9, 1) });
    // A million changes of 50 kB a day.
    expect(of("export")).toMatchObject({ exportedBytes: 1.5e12, usd: expect.closeTo(150, 0) });
    // Ten shards, each asked each five seconds, beyond the free two and a half million.
    // One shard holds it, asked as often.
    expect(of("kinesis")).toMatchObject({ requests: 548_400, usd: undefined });
    expect(of("stream")).toMatchObject({ requests: 5_214_000, usd: expect.closeTo(0.54, 2) });
  });
});
