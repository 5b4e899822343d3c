import type { FilterScalar } from "../../contract/index.ts";
import { durationMs } from "../builders/amounts.ts";
import type { DynamoDbDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readText, readWholeNumber } from "../reading/read-scalar.ts";
import { readScalar } from "./item-filter.ts";

const OVERLAP_MS = 5 * 60_000;
/** What comes again within a day is known; a longer overlap would bring it twice. */
const OVERLAP_MOST_MS = 12 * 3_600_000;
const CAPACITY_MOST = 1_000_000;
/** Each is asked for by itself, each time. */
const PARTITIONS_MOST = 1_000;

/** `incremental` of a source; nothing where there is none, or none that can be followed (and noted). */
export function readIncremental(
  place: Place,
  value: unknown,
  others: Readonly<Record<"export" | "stream" | "kinesis" | "firehose", unknown>>,
): Pick<DynamoDbDefinition, "incremental"> {
  if (value === undefined) return {};
  const known = ["attribute", "index", "partition", "overlap", "every", "readCapacity"] as const;
  const fields = readFields(place, value, { known });
  if (fields === undefined) return {};
  const other = (["export", "stream", "kinesis", "firehose"] as const).find(
    (name) => others[name] !== undefined && others[name] !== false,
  );
  if (other !== undefined) {
    place.refuse(
      `nothing beside \`${other}\``,
      "an index",
      "that tells of each change, and of deletes; beside an index stands `scan`",
    );
  }
  const attribute = readText(place.at("attribute"), fields.attribute, "the index's sort key");
  const index = readText(place.at("index"), fields.index, "the index's name");
  const partitions = readPartitions(place.at("partition"), fields.partition);
  const overlapMs = readTime(place.at("overlap"), fields.overlap) ?? OVERLAP_MS;
  if (overlapMs > OVERLAP_MOST_MS) place.at("overlap").refuse("at most 12 hours", JSON.stringify(fields.overlap));
  const everyMs = readTime(place.at("every"), fields.every);
  const units = { least: 1, most: CAPACITY_MOST, what: "read units a second" };
  const readCapacity =
    fields.readCapacity === undefined
      ? undefined
      : readWholeNumber(place.at("readCapacity"), fields.readCapacity, units);
  if (attribute === undefined || index === undefined || partitions === undefined) return {};
  const optional = {
    ...(everyMs === undefined ? {} : { everyMs }),
    ...(readCapacity === undefined ? {} : { readCapacity }),
  };
  return { incremental: { index, attribute, partitions, overlapMs, ...optional } };
}

function readTime(place: Place, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return (typeof value === "string" ? durationMs(value) : undefined) ?? place.expected('a time such as "5 min"', value);
}

function readPartitions(place: Place, value: unknown): readonly string[] | undefined {
  const what = 'values of the index\'s partition key, such as "order" or ["s0", "s1"]';
  const list: readonly unknown[] = Array.isArray(value) ? Array.from<unknown>(value) : [value];
  if (value === undefined || list.length === 0 || list.length > PARTITIONS_MOST) return place.expected(what, value);
  const scalars = list.flatMap((one, at): readonly FilterScalar[] => {
    const scalar = readScalar(Array.isArray(value) ? place.item(at) : place, "gt", one);
    return scalar === undefined ? [] : [scalar];
  });
  const texts = scalars.map((scalar) => JSON.stringify(scalar));
  const twice = texts.find((text, at) => texts.indexOf(text) < at);
  if (twice !== undefined) return place.refuse("each value once", `${twice} again`);
  return texts.length < list.length ? undefined : texts;
}
