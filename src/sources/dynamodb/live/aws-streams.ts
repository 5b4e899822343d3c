import { must } from "../../../base/index.ts";
import { asked, type StreamsOfTables, type Where } from "./aws-connection.ts";
import { keepItems } from "./keep-items.ts";
import type { RecordsPage, ShardFacts, StreamFacts } from "./table-client.ts";

export async function iteratorOf(
  { sdk, client }: StreamsOfTables,
  where: Where,
  { streamArn, shard, after }: { readonly streamArn: string; readonly shard: string; readonly after?: string },
): Promise<string> {
  const command = new sdk.GetShardIteratorCommand({
    StreamArn: streamArn,
    ShardId: shard,
    ...(after === undefined
      ? { ShardIteratorType: "TRIM_HORIZON" }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after }),
  });
  const answer = await asked("open a shard of the stream", where, async () => await client.send(command));
  return must(answer.ShardIterator, "a shard that is there has an iterator");
}

export async function recordsOf(
  { sdk, client }: StreamsOfTables,
  where: Where,
  iterator: string,
): Promise<RecordsPage> {
  const command = new sdk.GetRecordsCommand({ ShardIterator: iterator });
  const records = keepItems(command, "Records");
  const answer = await asked("read the stream", where, async () => await client.send(command));
  return { records: records(), next: answer.NextShardIterator };
}

/** 100 shards a page: a reader that stops at the first loses those of a busy table. */
export async function wholeStream(
  { sdk, client }: StreamsOfTables,
  where: Where,
  streamArn: string,
): Promise<StreamFacts> {
  const shards: ShardFacts[] = [];
  let after: string | undefined;
  for (;;) {
    const request = { StreamArn: streamArn, ...(after === undefined ? {} : { ExclusiveStartShardId: after }) };
    const answer = await asked(
      "describe the stream",
      where,
      async () => await client.send(new sdk.DescribeStreamCommand(request)),
    );
    const {
      Shards = [],
      LastEvaluatedShardId,
      CreationRequestDateTime,
      StreamViewType,
    } = must(answer.StreamDescription, "a described stream has a description");
    for (const { ShardId, ParentShardId, SequenceNumberRange } of Shards) {
      shards.push({
        id: ShardId ?? "",
        ...(ParentShardId === undefined ? {} : { parent: ParentShardId }),
        isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined,
      });
    }
    after = LastEvaluatedShardId;
    if (after === undefined) {
      const createdMs = CreationRequestDateTime?.getTime() ?? 0;
      return { arn: streamArn, createdMs, view: StreamViewType ?? "NEW_AND_OLD_IMAGES", shards };
    }
  }
}
