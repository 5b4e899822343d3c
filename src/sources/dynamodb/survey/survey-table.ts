import type { TableDescription } from "@aws-sdk/client-dynamodb";
import { isFailure, messageOf, must, SluiceError, type World } from "../../../base/index.ts";
import { capacityOf } from "../live/aws-capacity.ts";
import {
  asked,
  connectStreams,
  connectTables,
  whereOf,
  type AwsPlace,
  type Tables,
  type Where,
} from "../live/aws-connection.ts";
import { dateOfAnswer } from "../live/answer-date.ts";
import { wholeStream } from "../live/aws-streams.ts";
import { isFault } from "../live/table-client.ts";
import type { Known, TableSurvey } from "./table-survey.ts";

/** Looks at a table. Reads no item and changes nothing. Fails where the table itself cannot be described. */
export async function surveyTable(place: AwsPlace, world: World): Promise<TableSurvey> {
  const tables = connectTables(place);
  const where = whereOf(place);
  try {
    const { table, aheadMs } = await described(tables, where, world);
    const [canExport, ttlAttribute, kinesisStreams, stream] = await Promise.all([
      known(async () => await canBeExported(tables, where)),
      known(async () => await ttlOf(tables, where)),
      known(async () => await kinesisOf(tables, where)),
      streamOf(place, where, table),
    ]);
    const keys = [...(table.KeySchema ?? [])].toSorted((one) => (one.KeyType === "HASH" ? -1 : 1));
    return {
      arn: table.TableArn ?? "",
      keys: keys.map(({ AttributeName = "" }) => AttributeName),
      items: table.ItemCount ?? 0,
      sizeBytes: table.TableSizeBytes ?? 0,
      createdMs: table.CreationDateTime?.getTime() ?? 0,
      capacity: capacityOf(table),
      replicas: (table.Replicas ?? []).flatMap(({ RegionName }) => RegionName ?? []),
      stream,
      canExport,
      ttlAttribute,
      kinesisStreams,
      aheadMs,
    };
  } finally {
    tables.client.destroy();
  }
}

async function described(
  { sdk, client }: Tables,
  where: Where,
  world: World,
): Promise<{ readonly table: TableDescription; readonly aheadMs: number | undefined }> {
  const command = new sdk.DescribeTableCommand({ TableName: where.table });
  let aheadMs: number | undefined;
  const askedMs = world.nowMs();
  // The answer was made between the two looks at our clock, in a second that it names by its beginning.
  dateOfAnswer(command, (atMs) => {
    aheadMs = Math.round((askedMs + world.nowMs()) / 2) - (atMs + 500);
  });
  const answer = await asked("describe the table", where, async () => await client.send(command)).catch((error) => {
    throw isFault(error, "missing") ? noTable(where) : error;
  });
  return { table: must(answer.Table, "a described table has a description"), aheadMs };
}

function noTable({ table, at }: Where): SluiceError {
  return new SluiceError("source.missing", "Cannot look at the table: it is not there", {
    facts: { table, at },
    advice: "Correct `table`, `region` or `endpoint` of the source.",
  });
}

async function canBeExported({ sdk, client }: Tables, where: Where): Promise<boolean> {
  const command = new sdk.DescribeContinuousBackupsCommand({ TableName: where.table });
  const answer = await asked("ask for the table's backups", where, async () => await client.send(command));
  const { PointInTimeRecoveryDescription: recovery } = answer.ContinuousBackupsDescription ?? {};
  return recovery?.PointInTimeRecoveryStatus === "ENABLED";
}

async function ttlOf({ sdk, client }: Tables, where: Where): Promise<string | undefined> {
  const command = new sdk.DescribeTimeToLiveCommand({ TableName: where.table });
  const answer = await asked("ask for the table's TTL", where, async () => await client.send(command));
  const { TimeToLiveStatus: status, AttributeName: name } = answer.TimeToLiveDescription ?? {};
  return status === "ENABLED" || status === "ENABLING" ? name : undefined;
}

async function kinesisOf({ sdk, client }: Tables, where: Where): Promise<readonly string[]> {
  const command = new sdk.DescribeKinesisStreamingDestinationCommand({ TableName: where.table });
  const answer = await asked("ask where the table's changes go", where, async () => await client.send(command));
  const active = (answer.KinesisDataStreamDestinations ?? []).filter(({ DestinationStatus }) => DestinationStatus === "ACTIVE"); // prettier-ignore
  return active.flatMap(({ StreamArn }) => StreamArn ?? []);
}

async function streamOf(
  place: AwsPlace,
  where: Where,
  { LatestStreamArn: arn, StreamSpecification: specification }: TableDescription,
): Promise<TableSurvey["stream"]> {
  const view = specification?.StreamViewType;
  if (arn === undefined || view === undefined || specification?.StreamEnabled === false) return undefined;
  const streams = connectStreams(place);
  try {
    const facts = await known(async () => await wholeStream(streams, where, arn));
    if ("unknown" in facts) return { view, createdMs: facts, shards: facts };
    const { createdMs, shards } = facts.value;
    return {
      view,
      createdMs: { value: createdMs },
      shards: { value: shards.filter((shard) => !shard.isClosed).length },
    };
  } finally {
    streams.client.destroy();
  }
}

/** What one question finds out: nobody has to answer all of them. */
async function known<T>(ask: () => Promise<T>): Promise<Known<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (isFailure(error)) return { unknown: error };
    return { unknown: new SluiceError("source.unavailable", `Cannot find out: ${messageOf(error)}`) };
  }
}
