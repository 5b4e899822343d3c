import { SluiceError, must } from "../../../base/index.ts";
import type { ColumnRange, StatValue } from "../../../delta/index.ts";
import { quoteIdentifier, sqlTypeOf } from "../../sql-text.ts";
import { engineType } from "../engine-values.ts";
import { lossIn } from "../exact-cast.ts";
import { assertReadOnlyExpression } from "../query-guard.ts";
import { shownValue, toValue } from "../row-values.ts";
import { keyField, sourceField, sourceRows, type MergeStep } from "./merge-step.ts";

/**
 * Refuses a source that a merge has no answer for: a key that the target does not have or has in another type, a null key, two
 * rows of one key. Returns between which values the keys lie, for leaving out files.
 */
export async function checkSource(step: MergeStep): Promise<readonly ColumnRange[]> {
  const { spec, session, doing } = step;
  if (spec.keys.length === 0) throw refuse(step, "internal.bug", "a merge needs a key");
  await checkExpressions(step);
  const keys = spec.keys.map((key) => keyColumn(step, key));
  const bounds = keys.flatMap((key) => [`min(${key.sql})`, `max(${key.sql})`]);
  const nulls = keys.map((key) => `count(*) FILTER (${key.sql} IS NULL)`);
  const [row] = await session.rows(`SELECT ${[...nulls, ...bounds].join(", ")} FROM ${sourceRows(step)}`, doing);
  keys.forEach((key, index) => {
    const count = Number(row?.[index] ?? 0);
    if (count > 0) throw refuse(step, "table.broken-invariant", `the key ${key.name} of ${count} source rows is null`);
  });
  const ranges = keys.flatMap(({ name, type }, index) => {
    const min = statValue(row?.[keys.length + 2 * index]);
    const max = statValue(row?.[keys.length + 2 * index + 1]);
    return typeof type === "string" && min !== undefined && max !== undefined ? [{ path: [name], type, min, max }] : [];
  });
  const isDense = keys.length === 1 && (await areDistinctNumbers(step, must(keys[0], "the only one").sql, ranges[0]));
  if (!isDense) await refuseTwice(step, keys.map((key) => key.sql).join(", "));
  return ranges;
}

/** Rows a number may be apart from the next one, on average. */
const GAP_MAX = 64;
/** Numbers between the least and the greatest: 16 MB of bits. */
const SPAN_MAX = 2 ** 27;

/**
 * Whether whole numbers that lie close together, as ids do, are known to be distinct: as many bits are on as there are rows. Takes a
 * tenth of the time that grouping the rows does.
 */
async function areDistinctNumbers(step: MergeStep, sql: string, range: ColumnRange | undefined): Promise<boolean> {
  const { min, max } = range ?? {};
  if (typeof min !== "bigint" && typeof min !== "number") return false;
  if (typeof max !== "bigint" && typeof max !== "number") return false;
  if (!Number.isSafeInteger(Number(min)) || !Number.isSafeInteger(Number(max))) return false;
  if (!WHOLE_NUMBERS.has(String(range?.type))) return false;
  const span = Number(max) - Number(min) + 1;
  if (span > SPAN_MAX || span > step.source.rows * GAP_MAX) return false;
  const bits = `bitstring_agg(${sql}::BIGINT, ${min}::BIGINT, ${max}::BIGINT)`;
  const [row] = await step.session.rows(`SELECT bit_count(${bits}) FROM ${sourceRows(step)}`, step.doing);
  return Number(row?.[0] ?? 0) === step.source.rows;
}

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["long", "integer", "short", "byte"]);

async function refuseTwice(step: MergeStep, list: string): Promise<void> {
  const { session, table, spec, doing } = step;
  const [twice] = await session.rows(
    `SELECT ${list} FROM ${sourceRows(step)} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
    doing,
  );
  if (twice === undefined) return;
  const shown = twice.map((value) => shownValue(toValue(value))).join(", ");
  throw new SluiceError(
    "table.broken-invariant",
    `Cannot merge into table ${table.name}: the source has more than one row of a key`,
    {
      facts: { keys: spec.keys.join(", "), values: shown.slice(0, 200) },
      advice: "Nothing was written. Give one row of each key: which of them counts is for the source to say.",
    },
  );
}

/** Conditions and new values see the two rows, nothing else. */
async function checkExpressions({ session, spec, table, target }: MergeStep): Promise<void> {
  const { matched, notMatched, notMatchedBySource } = spec;
  const conditions = [matched?.deleteWhen, matched?.updateWhen, notMatched?.insertWhen, notMatchedBySource?.deleteWhen];
  for (const sql of [...conditions, ...Object.values(matched?.set ?? {})]) {
    if (typeof sql === "string") await assertReadOnlyExpression(session, sql);
  }
  const columns = new Set(target.metadata.schema.fields.map((field) => field.name.toLowerCase()));
  const unknown = Object.keys(matched?.set ?? {}).find((name) => !columns.has(name.toLowerCase()));
  if (unknown === undefined) return;
  throw new SluiceError("table.schema-mismatch", `Cannot merge into table ${table.name}: it has no column ${unknown}`);
}

function keyColumn(step: MergeStep, key: string): { name: string; type: ColumnRange["type"] | object; sql: string } {
  const field = keyField(step, key);
  const present = sourceField(step, key);
  if (present === undefined) throw refuse(step, "table.schema-mismatch", `the source has no column ${key}`);
  const loss = lossIn(engineType(present.type), field.type);
  if (loss !== undefined) throw refuse(step, "table.schema-mismatch", `the source's key ${key}: ${loss}`);
  return {
    name: field.name,
    type: field.type,
    sql: `CAST(${quoteIdentifier(present.name)} AS ${sqlTypeOf(field.type)})`,
  };
}

function statValue(value: Parameters<typeof toValue>[0] | undefined): StatValue | boolean | undefined {
  const plain = value === undefined ? undefined : toValue(value);
  const isStat = typeof plain === "string" || typeof plain === "bigint" || typeof plain === "number";
  return isStat || typeof plain === "boolean" ? plain : undefined;
}

function refuse(
  { table }: MergeStep,
  code: "table.broken-invariant" | "table.schema-mismatch" | "internal.bug",
  why: string,
): SluiceError {
  return new SluiceError(code, `Cannot merge into table ${table.name}: ${why}`);
}
