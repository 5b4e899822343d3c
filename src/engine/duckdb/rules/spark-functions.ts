import { quoteLiteral } from "../../sql-text.ts";

/** A call of one of Spark's functions in the engine's SQL; undefined for a function that is not known to mean the same. */
export function sparkFunction(name: string, values: readonly string[]): string | undefined {
  const own = REWRITTEN[name];
  if (own !== undefined) return own(values);
  const same = SAME[name];
  return same === undefined || values.length < same.least || values.length > (same.most ?? same.least)
    ? undefined
    : `${same.name}(${values.join(", ")})`;
}

interface Same {
  readonly name: string;
  readonly least: number;
  readonly most?: number;
}

const MANY = 100;

const SAME: Readonly<Record<string, Same>> = {
  abs: { name: "abs", least: 1 },
  coalesce: { name: "coalesce", least: 1, most: MANY },
  nvl: { name: "coalesce", least: 2 },
  ifnull: { name: "coalesce", least: 2 },
  nullif: { name: "nullif", least: 2 },
  greatest: { name: "greatest", least: 2, most: MANY },
  least: { name: "least", least: 2, most: MANY },
  length: { name: "length", least: 1 },
  char_length: { name: "length", least: 1 },
  character_length: { name: "length", least: 1 },
  lower: { name: "lower", least: 1 },
  lcase: { name: "lower", least: 1 },
  upper: { name: "upper", least: 1 },
  ucase: { name: "upper", least: 1 },
  trim: { name: "trim", least: 1 },
  ltrim: { name: "ltrim", least: 1 },
  rtrim: { name: "rtrim", least: 1 },
  startswith: { name: "starts_with", least: 2 },
  endswith: { name: "ends_with", least: 2 },
  contains: { name: "contains", least: 2 },
  year: { name: "year", least: 1 },
  quarter: { name: "quarter", least: 1 },
  month: { name: "month", least: 1 },
  day: { name: "day", least: 1 },
  dayofmonth: { name: "day", least: 1 },
  hour: { name: "hour", least: 1 },
  minute: { name: "minute", least: 1 },
};

const REWRITTEN: Readonly<Record<string, (values: readonly string[]) => string | undefined>> = {
  // The engine's own leaves nulls out.
  concat: (values) => (values.length === 0 ? undefined : `(${values.join(" || ")})`),
  isnull: ([value, ...rest]) => (value === undefined || rest.length > 0 ? undefined : `((${value}) IS NULL)`),
  isnotnull: ([value, ...rest]) => (value === undefined || rest.length > 0 ? undefined : `((${value}) IS NOT NULL)`),
  if: ([when, then, otherwise, ...rest]) =>
    when === undefined || then === undefined || otherwise === undefined || rest.length > 0
      ? undefined
      : `(CASE WHEN ${when} THEN ${then} ELSE ${otherwise} END)`,
  substring: substring,
  substr: substring,
  to_date: ([value, ...rest]) => (value === undefined || rest.length > 0 ? undefined : `CAST(${value} AS DATE)`),
  date: ([value, ...rest]) => (value === undefined || rest.length > 0 ? undefined : `CAST(${value} AS DATE)`),
  date_format: ([value, format, ...rest]) =>
    value === undefined || format === undefined || rest.length > 0 ? undefined : dateFormat(value, format),
};

/** From the front only: the two count differently from the end and at zero. */
function substring([value, from, count, ...rest]: readonly string[]): string | undefined {
  if (value === undefined || from === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(from)) return undefined;
  if (count === undefined) return `substring(${value}, ${from})`;
  return /^\d+$/.test(count) ? `substring(${value}, ${from}, ${count})` : undefined;
}

const FORMAT_PARTS: Readonly<Record<string, string>> = {
  yyyy: "%Y",
  MM: "%m",
  dd: "%d",
  HH: "%H",
  mm: "%M",
  ss: "%S",
};

function dateFormat(value: string, format: string): string | undefined {
  const text = /^'((?:yyyy|MM|dd|HH|mm|ss|[-/:. ])+)'$/.exec(format)?.[1];
  if (text === undefined) return undefined;
  const pattern = text.replaceAll(/yyyy|MM|dd|HH|mm|ss/g, (part) => FORMAT_PARTS[part] ?? part);
  return `strftime(CAST(${value} AS TIMESTAMP), ${quoteLiteral(pattern)})`;
}
