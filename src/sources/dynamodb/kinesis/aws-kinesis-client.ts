import { must } from "../../../base/index.ts";
import { asked, connectKinesis, connectTables, whereOf, type AwsPlace, type KinesisStreams, type Tables, type Where } from "../live/aws-connection.ts"; // prettier-ignore
import { SourceFault, isFault } from "../live/table-client.ts";
import type { KinesisClient, KinesisPage, KinesisShard, KinesisStream } from "./kinesis-client.ts";

export interface KinesisPlace {
  /** Its name, or its ARN. */
  readonly stream: string;
  readonly region?: string;
  readonly endpoint?: string;
  /** The table that feeds it. */
  readonly table: AwsPlace;
}

const HOUR_MS = 3_600_000;

/** Kinesis Data Streams through its SDK. Credentials are the SDK's own to find. */
export function awsKinesisClient({ stream, table, ...place }: KinesisPlace): KinesisClient {
  let streams: KinesisStreams | undefined;
  let tables: Tables | undefined;
  const kinesis = (): KinesisStreams => (streams ??= connectKinesis(place));
  const where = whereOf({ table: table.table, ...place });
  const named = stream.startsWith("arn:") ? { StreamARN: stream } : { StreamName: stream };
  return {
    where: where.at,
    describe: async () => await describeStream(kinesis(), where, named),
    isFed: async () => await isFed((tables ??= connectTables(table)), whereOf(table), stream),
    iterator: async (from) => await iteratorOf(kinesis(), where, { ...named, ...from }),
    records: async (iterator) => await recordsOf(kinesis(), where, { named, iterator }),
    close: () => {
      streams?.client.destroy();
      tables?.client.destroy();
    },
  };
}

type Named = { readonly StreamARN: string } | { readonly StreamName: string };

async function describeStream({ sdk, client }: KinesisStreams, where: Where, named: Named): Promise<KinesisStream> {
  const summary = await asked("describe the Kinesis stream", where, async () =>
    client.send(new sdk.DescribeStreamSummaryCommand(named)),
  );
  const facts = must(summary.StreamDescriptionSummary, "a described stream has a description");
  return {
    arn: facts.StreamARN ?? "",
    createdMs: facts.StreamCreationTimestamp?.getTime() ?? 0,
    keptMs: (facts.RetentionPeriodHours ?? 24) * HOUR_MS,
    shards: await shardsOf({ sdk, client }, where, named),
  };
}

/** A page has a thousand shards at most; who stops at the first loses those of a large stream. */
async function shardsOf({ sdk, client }: KinesisStreams, where: Where, named: Named): Promise<readonly KinesisShard[]> {
  const shards: KinesisShard[] = [];
  let next: string | undefined;
  do {
    const page = await asked("list the shards of the Kinesis stream", where, async () =>
      client.send(new sdk.ListShardsCommand(next === undefined ? named : { NextToken: next })),
    );
    for (const { ShardId, ParentShardId, AdjacentParentShardId } of page.Shards ?? []) {
      const parents = [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined);
      shards.push({ id: ShardId ?? "", parents });
    }
    next = page.NextToken;
  } while (next !== undefined);
  return shards;
}

async function iteratorOf(
  { sdk, client }: KinesisStreams,
  where: Where,
  {
    shard,
    after,
    sinceMs,
    ...named
  }: Named & { readonly shard: string; readonly after?: string; readonly sinceMs?: number },
): Promise<string> {
  const from =
    after !== undefined
      ? ({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: after } as const)
      : sinceMs === undefined
        ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
        : ({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(sinceMs) } as const);
  const answer = await asked("open a shard of the Kinesis stream", where, async () => {
    try {
      return await client.send(new sdk.GetShardIteratorCommand({ ...named, ShardId: shard, ...from }));
    } catch (error) {
      // The number of a record that another stream of the name had.
      const isForeign = after !== undefined && error instanceof Error && error.name === "InvalidArgumentException";
      throw isForeign ? new SourceFault("trimmed", error.message) : error;
    }
  });
  return must(answer.ShardIterator, "a shard that is there has an iterator");
}

async function recordsOf(
  { sdk, client }: KinesisStreams,
  where: Where,
  { named, iterator }: { readonly named: Named; readonly iterator: string },
): Promise<KinesisPage> {
  const arn = "StreamARN" in named ? named : {};
  const command = new sdk.GetRecordsCommand({ ...arn, ShardIterator: iterator });
  const answer = await asked("read the Kinesis stream", where, async () => await client.send(command));
  return {
    records: (answer.Records ?? []).map(({ Data, SequenceNumber, ApproximateArrivalTimestamp }) => ({
      data: Data ?? new Uint8Array(0),
      sequence: SequenceNumber ?? "",
      arrivedMs: ApproximateArrivalTimestamp?.getTime() ?? 0,
    })),
    next: answer.NextShardIterator,
    behindMs: answer.MillisBehindLatest ?? 0,
  };
}

/** States in which a table sends its changes. */
const FEEDING = new Set(["ACTIVE", "UPDATING"]);

/** A server that does not know the question, or does not allow it, tells nothing; the first record does. */
async function isFed({ sdk, client }: Tables, where: Where, stream: string): Promise<boolean | undefined> {
  const command = new sdk.DescribeKinesisStreamingDestinationCommand({ TableName: where.table });
  try {
    const answer = await asked("ask where the table sends its changes", where, async () => await client.send(command));
    return (answer.KinesisDataStreamDestinations ?? []).some(({ StreamArn = "", DestinationStatus = "" }) => {
      const isThis = StreamArn === stream || StreamArn.endsWith(`:stream/${stream}`);
      return isThis && FEEDING.has(DestinationStatus);
    });
  } catch (error) {
    if (isFault(error, "throttled")) throw error;
    return undefined;
  }
}
