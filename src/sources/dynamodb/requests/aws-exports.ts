import type { ExportDescription } from "@aws-sdk/client-dynamodb";
import { SluiceError, must } from "../../../base/index.ts";
import { asked, connectTables, whereOf, type AwsPlace, type Tables, type Where } from "../live/aws-connection.ts";
import { describeTable } from "../live/aws-tables.ts";
import type {
  ExportAnswer,
  ExportClient,
  ExportContent,
  ExportFacts,
  ExportOrder,
  ExportPlace,
  Recovery,
} from "./export-client.ts";
import { recoveryOff } from "./request-failures.ts";

/** DynamoDB's exports through its SDK. Credentials are the SDK's own to find. */
export function awsExportClient(place: AwsPlace): ExportClient {
  let tables: Tables | undefined;
  const connected = (): Tables => (tables ??= connectTables(place));
  const where = whereOf(place);
  return {
    where: where.at,
    describeTable: async () => await describeTable(connected(), where),
    recovery: async () => await recoveryOf(connected(), where),
    list: async (tableArn) => await listExports(connected(), where, tableArn),
    describe: async (exportArn) => await describeExport(connected(), where, exportArn),
    request: async (tableArn, order, to) => await requestExport(connected(), where, { tableArn, order, to }),
    close: () => tables?.client.destroy(),
  };
}

async function recoveryOf({ sdk, client }: Tables, where: Where): Promise<Recovery | undefined> {
  const command = new sdk.DescribeContinuousBackupsCommand({ TableName: where.table });
  const { ContinuousBackupsDescription: backups } = await asked(
    "ask for the table's point-in-time recovery",
    where,
    async () => await client.send(command),
  );
  const recovery = backups?.PointInTimeRecoveryDescription;
  if (recovery?.PointInTimeRecoveryStatus !== "ENABLED") return undefined;
  // Just switched on: there is nothing yet.
  const earliestMs = recovery.EarliestRestorableDateTime?.getTime() ?? Infinity;
  return { earliestMs, latestMs: recovery.LatestRestorableDateTime?.getTime() ?? 0 };
}

/** 25 exports a page. */
async function listExports({ sdk, client }: Tables, where: Where, tableArn: string): Promise<readonly string[]> {
  const arns: string[] = [];
  let after: string | undefined;
  do {
    const command = new sdk.ListExportsCommand({
      TableArn: tableArn,
      ...(after === undefined ? {} : { NextToken: after }),
    });
    const answer = await asked("list the table's exports", where, async () => await client.send(command));
    arns.push(...(answer.ExportSummaries ?? []).flatMap(({ ExportArn }) => ExportArn ?? []));
    after = answer.NextToken;
  } while (after !== undefined);
  return arns;
}

async function describeExport(
  { sdk, client }: Tables,
  where: Where,
  exportArn: string,
): Promise<ExportFacts | undefined> {
  const command = new sdk.DescribeExportCommand({ ExportArn: exportArn });
  const answer = await asked("describe an export of the table", where, async () => {
    try {
      return await client.send(command);
    } catch (error) {
      if (nameOf(error) === "ExportNotFoundException") return undefined;
      throw error;
    }
  });
  return answer === undefined
    ? undefined
    : factsOf(must(answer.ExportDescription, "a described export has a description"));
}

async function requestExport(
  { sdk, client }: Tables,
  where: Where,
  { tableArn, order, to }: { readonly tableArn: string; readonly order: ExportOrder; readonly to: ExportPlace },
): Promise<ExportAnswer> {
  const command = new sdk.ExportTableToPointInTimeCommand({
    TableArn: tableArn,
    ClientToken: order.token,
    ExportFormat: "DYNAMODB_JSON",
    S3Bucket: to.bucket,
    ...(to.prefix === "" ? {} : { S3Prefix: to.prefix }),
    ...(to.bucketOwner === undefined ? {} : { S3BucketOwner: to.bucketOwner }),
    ...(to.kmsKey === undefined
      ? { S3SseAlgorithm: "AES256" as const }
      : { S3SseAlgorithm: "KMS" as const, S3SseKmsKeyId: to.kmsKey }),
    ...contentFields(order.content),
  });
  return await asked("ask for an export of the table", where, async () => {
    try {
      const { ExportDescription: made } = await client.send(command);
      return { kind: "accepted", arn: must(made?.ExportArn, "an export that was accepted has an ARN") };
    } catch (error) {
      return refusalOf(error, where.table);
    }
  });
}

function contentFields(content: ExportContent): object {
  if (content.kind === "full") return { ExportType: "FULL_EXPORT", ExportTime: new Date(content.timeMs) };
  return {
    ExportType: "INCREMENTAL_EXPORT",
    IncrementalExportSpecification: {
      ExportFromTime: new Date(content.fromMs),
      ExportToTime: new Date(content.toMs),
      ExportViewType: "NEW_AND_OLD_IMAGES",
    },
  };
}

/** What a refused request says of exports; throws what it says of anything else. */
function refusalOf(error: unknown, table: string): ExportAnswer {
  const name = nameOf(error);
  if (name === "LimitExceededException") return { kind: "too-many" };
  // By its documentation the one for imports, by the SDK's the one for exports.
  if (name === "ExportConflictException" || name === "ImportConflictException") return { kind: "asked-before" };
  if (name === "PointInTimeRecoveryUnavailableException") throw recoveryOff(table);
  if (name === "InvalidExportTimeException") {
    throw new SluiceError("source.unavailable", "Cannot ask for an export: its time can no longer be restored", {
      facts: { table },
      advice: "Run again: what to ask for is decided anew.",
    });
  }
  throw error;
}

function factsOf(description: ExportDescription): ExportFacts {
  const { ExportStatus: status, IncrementalExportSpecification: window, StartTime, EndTime } = description;
  const content: ExportContent =
    description.ExportType === "INCREMENTAL_EXPORT"
      ? { kind: "window", fromMs: msOf(window?.ExportFromTime), toMs: msOf(window?.ExportToTime) }
      : { kind: "full", timeMs: msOf(description.ExportTime) };
  const { FailureCode: code, FailureMessage: message } = description;
  return {
    arn: description.ExportArn ?? "",
    tableId: description.TableId ?? "",
    content,
    status: status === "COMPLETED" ? "complete" : status === "FAILED" ? "failed" : "running",
    startedMs: msOf(StartTime),
    ...(EndTime === undefined ? {} : { endedMs: EndTime.getTime() }),
    ...(status === "FAILED" ? { failure: [code, message].filter((part) => part !== undefined).join(": ") } : {}),
    bucket: description.S3Bucket ?? "",
    prefix: (description.S3Prefix ?? "").replace(/^\/+|\/+$/g, ""),
    isReadable:
      (description.ExportFormat ?? "DYNAMODB_JSON") === "DYNAMODB_JSON" &&
      description.FilterSpecification === undefined,
  };
}

function msOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
