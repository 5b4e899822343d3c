/** Spark's CAST in the engine's SQL; undefined for a type whose values the two write differently. */
export function sparkCast(value: string, type: string): string | undefined {
  const whole = WHOLE[type];
  // Spark cuts the fraction off, the engine rounds.
  if (whole !== undefined) return `CAST(trunc(${value}) AS ${whole})`;
  const same = SAME[type];
  if (same !== undefined) return `CAST(${value} AS ${same})`;
  const decimal = /^(?:decimal|dec|numeric)\((\d{1,2}),(\d{1,2})\)$/.exec(type);
  return decimal === null ? undefined : `CAST(${value} AS DECIMAL(${decimal[1]}, ${decimal[2]}))`;
}

const WHOLE: Readonly<Record<string, string>> = {
  tinyint: "TINYINT",
  byte: "TINYINT",
  smallint: "SMALLINT",
  short: "SMALLINT",
  int: "INTEGER",
  integer: "INTEGER",
  bigint: "BIGINT",
  long: "BIGINT",
};

/** Text is not among them: times and floats look otherwise in the other engine. */
const SAME: Readonly<Record<string, string>> = {
  float: "FLOAT",
  real: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
  timestamp_ntz: "TIMESTAMP",
};
