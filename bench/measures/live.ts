import { join } from "node:path";
import { startDynamoDbLocal } from "../../test/services/dynamodb-local.ts";
import { partsAvailable } from "../../test/services/parts.ts";
import { freshFolder, memoryBytes, type BenchContext, type Measured } from "../bench-context.ts";
import { fillOrders } from "../data/live-table.ts";
import { atLeast, figureOf, slower } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { measurePairs, median } from "../pairs.ts";

const RECORDS = 100_000;
/** Few keys: the backlog is the stream's, not the table's. */
const KEYS = 1_000;
const NOTE = "x".repeat(600);
const RATE_LEAST = atLeast(10_000, " records/s");

/** A backlog of one hot shard into Bronze, against a reader that asks the same server for the same records and drops them. */
export async function liveStream(context: BenchContext): Promise<Measured> {
  const { available, reason } = partsAvailable("dynamodb-local");
  if (!available) {
    console.error(`  SKIPPED: DynamoDB Local: ${reason}`);
    return { findings: [], samples: {} };
  }
  await using server = await startDynamoDbLocal();
  await fillOrders(server, RECORDS, (at) => ({
    id: { S: `o-${at % KEYS}` },
    amount: { N: `${at}.25` },
    note: { S: NOTE },
  }));
  const { endpoint } = server;
  const pairs = await measurePairs(
    context.pairs,
    {
      name: "sluice run",
      measure: async () => {
        const lake = join(await freshFolder(context, "live"), "lake");
        const request = {
          endpoint,
          lake,
          table: "orders",
          memoryBytes: memoryBytes(context),
          threads: context.threads,
        };
        const { answer, ...usage } = await measureSubject("stream-drain", request);
        return { ...usage, workSeconds: answer.seconds };
      },
    },
    {
      name: "GetRecords alone",
      measure: async () => {
        const { answer, ...usage } = await measureSubject("stream-raw", {
          endpoint,
          table: "orders",
          records: RECORDS,
        });
        return { ...usage, workSeconds: answer.seconds };
      },
    },
  );
  const rate = RECORDS / median(pairs.map(({ ours }) => ours.workSeconds ?? Number.NaN));
  const title = `Backlog of ${RECORDS} records of one shard → Bronze`;
  return {
    findings: [
      figureOf({ id: "live-rate", title: `${title}: rate` }, rate, { unit: " records/s", target: RATE_LEAST }),
      slower({ id: "live-ceiling", title: `${title}: against the server's own pace` }, pairs, {
        of: (sample) => sample.workSeconds ?? Number.NaN,
      }),
    ],
    samples: { "live sluice": pairs.map(({ ours }) => ours), "live GetRecords": pairs.map(({ theirs }) => theirs) },
  };
}
