import { flawOfEndpoint } from "../../storage/index.ts";
import type { DynamoDbDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readOptionalText, readText } from "../reading/read-scalar.ts";

/** A name, or an ARN of a stream (Kinesis API Reference, "DescribeStreamSummary"). */
const STREAM = /^(?:[A-Za-z0-9_.-]{1,128}|arn:[a-z-]+:kinesis:[a-z0-9-]+:\d{12}:stream\/[A-Za-z0-9_.-]{1,128})$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/;
const KNOWN = ["stream", "region", "endpoint", "since"] as const;

/** The stream that a table sends its changes to; nothing where it is not said (and noted where it is said wrongly). */
export function readKinesis(
  place: Place,
  value: unknown,
  tableRegion: string | undefined,
): Pick<DynamoDbDefinition, "kinesis"> {
  if (value === undefined) return {};
  const isName = typeof value === "string";
  const fields = readFields(place, isName ? { stream: value } : value, { known: KNOWN });
  if (fields === undefined) return {};
  const stream = readStream(isName ? place : place.at("stream"), fields.stream);
  const region = readOptionalText(place.at("region"), fields.region, 'a region such as "eu-central-1"') ?? tableRegion;
  const endpoint = readEndpoint(place.at("endpoint"), fields.endpoint);
  const sinceMs = readSince(place.at("since"), fields.since);
  if (stream === undefined) return {};
  return {
    kinesis: {
      stream,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    },
  };
}

function readStream(place: Place, value: unknown): string | undefined {
  const stream = readText(place, value, "the name or ARN of a Kinesis stream");
  if (stream === undefined || STREAM.test(stream)) return stream;
  return place.expected("the name or ARN of a Kinesis stream", value);
}

function readEndpoint(place: Place, value: unknown): string | undefined {
  const endpoint = readOptionalText(place, value, "a URL such as http://127.0.0.1:5000");
  const flaw = endpoint === undefined ? undefined : flawOfEndpoint(endpoint, undefined);
  return flaw === undefined ? endpoint : place.refuse("the URL of a server", JSON.stringify(endpoint), flaw);
}

function readSince(place: Place, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === "string" && MOMENT.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? place.expected('a moment in UTC such as "2026-03-01T00:00:00Z"', value) : ms;
}
