import type { DynamoDbDefinition } from "../../definition/index.ts";
import type { TableSurvey } from "../../sources/index.ts";
import { longTime } from "./amount-texts.ts";
import type { Findings } from "./finding.ts";

/** What a Kinesis stream keeps unless it is told to keep more (Kinesis Data Streams Developer Guide, "Changing the data retention period"). */
const KEEPS_MS = 24 * 3_600_000;
/** The most that it can be told. */
const KEEPS_MOST_HOURS = 365 * 24;

/** Whether the table sends its changes to the Kinesis stream that is read, and what a pause means there. */
export function judgeKinesis(
  { source, survey, outageMs }: { readonly source: DynamoDbDefinition; readonly survey: TableSurvey; readonly outageMs: number }, // prettier-ignore
  findings: Findings,
): void {
  const { kinesis } = source;
  const { kinesisStreams: found } = survey;
  if (kinesis === undefined) {
    if ("value" in found && found.value.length > 0) findings.add("ok", "kinesis", `changes go to ${found.value.join(", ")}, too`); // prettier-ignore
    return;
  }
  if ("unknown" in found) {
    findings.add("warning", "kinesis", `whether changes go to ${kinesis.stream} is not known: ${found.unknown.message}`, "dynamodb:DescribeKinesisStreamingDestination on the table"); // prettier-ignore
  } else if (found.value.some((arn) => isStream(arn, kinesis.stream))) {
    findings.add("ok", "kinesis", `changes go to ${kinesis.stream}`);
  } else {
    const others = found.value.length === 0 ? "nowhere" : `to ${found.value.join(", ")}`;
    findings.add("problem", "kinesis", `the definition reads ${kinesis.stream}, the table sends its changes ${others}`, enabling(source.table, kinesis.stream)); // prettier-ignore
  }
  judgePause(source, kinesis.stream, { outageMs, findings });
}

/** `named`: a stream's name or its ARN. */
function isStream(arn: string, named: string): boolean {
  return arn === named || arn.endsWith(`:stream/${named}`);
}

function enabling(table: string, stream: string): string {
  const arn = stream.startsWith("arn:") ? stream : `arn:aws:kinesis:<region>:<account>:stream/${stream}`;
  return `aws dynamodb enable-kinesis-streaming-destination --table-name ${table} --stream-arn ${arn}`;
}

function judgePause(
  { scan, exports }: DynamoDbDefinition,
  stream: string,
  { outageMs, findings }: { readonly outageMs: number; readonly findings: Findings },
): void {
  const wished = longTime(outageMs);
  if (outageMs <= KEEPS_MS) {
    findings.add("ok", "outage", `a pause of ${wished} is survived: a Kinesis stream keeps a day or more`);
    return;
  }
  const name = stream.startsWith("arn:") ? `--stream-arn ${stream}` : `--stream-name ${stream}`;
  const hours = Math.min(KEEPS_MOST_HOURS, Math.ceil(outageMs / 3_600_000));
  const raise = `aws kinesis increase-stream-retention-period ${name} --retention-period-hours ${hours}`;
  const filler = scan === undefined ? (exports?.requests === undefined ? undefined : "an export") : "a new scan";
  const behind = filler === undefined ? "the table stops after a longer pause" : `${filler} fills the gap of a longer pause, without its steps`; // prettier-ignore
  const found = `a Kinesis stream keeps a day unless told, wished is ${wished}: ${behind}`;
  findings.add(filler === undefined ? "warning" : "ok", "outage", found, raise);
}
