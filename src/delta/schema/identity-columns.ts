import { SluiceError } from "../../base/index.ts";
import type { MetadataValue, StructField, StructType } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { physicalName } from "./column-mapping.ts";
import { serializeSchema } from "./serialize-schema.ts";

/** A column whose values are given by the table (Delta PROTOCOL, "Identity Columns"): `next`, `next + step`, and so on. */
export interface IdentityColumn {
  readonly name: string;
  readonly next: bigint;
  readonly step: bigint;
  /** How many values are left before they leave the type. */
  readonly left: bigint;
  /** Whether rows may bring values of their own. */
  readonly takesGiven: boolean;
}

const PREFIX = "delta.identity.";
const HIGH_WATER_MARK = `${PREFIX}highWaterMark`;
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** A column that says it is one and could not be fails with `table.unsupported`. */
export function identityColumns(schema: StructType): readonly IdentityColumn[] {
  return schema.fields.filter(isIdentity).map((field) => {
    const start = wholeNumber(field, `${PREFIX}start`) ?? 1n;
    const step = wholeNumber(field, `${PREFIX}step`) ?? 1n;
    if (field.type !== "long" || step === 0n) {
      const why = step === 0n ? "its step is 0" : "it is not of type long";
      throw new SluiceError("table.unsupported", `Cannot give values to identity column ${field.name}: ${why}`);
    }
    const next = nextValue(start, step, wholeNumber(field, HIGH_WATER_MARK));
    const room = step > 0n ? LONG_MAX - next : next - LONG_MIN;
    const left = room < 0n ? 0n : room / (step > 0n ? step : -step) + 1n;
    return { name: field.name, next, step, left, takesGiven: field.metadata[`${PREFIX}allowExplicitInsert`] === true };
  });
}

/** The metadata after `rows` values were given to each of the columns, from their next ones on. */
export function withHighWaterMarks(metadata: TableMetadata, columns: readonly string[], rows: number): TableMetadata {
  const given = new Map(
    identityColumns(metadata.schema)
      .filter(({ name }) => columns.includes(name) && rows > 0)
      .map(({ name, next, step }) => [name, next + step * BigInt(rows - 1)]),
  );
  if (given.size === 0) return metadata;
  const fields = metadata.schema.fields.map((field): StructField => {
    const mark = given.get(field.name);
    return mark === undefined
      ? field
      : { ...field, metadata: { ...field.metadata, [HIGH_WATER_MARK]: shortest(mark) } };
  });
  const schema: StructType = { type: "struct", fields };
  return { ...metadata, schema, schemaString: serializeSchema(schema) };
}

/** A schema whose identity columns go on from where a newer one has come to: a value that was given once is not given again. */
export function withMarksOf(schema: StructType, newer: StructType): StructType {
  const marks = new Map(newer.fields.map((field) => [nameOf(field), wholeNumber(field, HIGH_WATER_MARK)]));
  const fields = schema.fields.map((field): StructField => {
    const mark = isIdentity(field) ? marks.get(nameOf(field)) : undefined;
    const own = wholeNumber(field, HIGH_WATER_MARK);
    const isUpwards = (wholeNumber(field, `${PREFIX}step`) ?? 1n) > 0n;
    if (mark === undefined || (own !== undefined && (isUpwards ? mark <= own : mark >= own))) return field;
    return { ...field, metadata: { ...field.metadata, [HIGH_WATER_MARK]: shortest(mark) } };
  });
  return fields.every((field, index) => field === schema.fields[index]) ? schema : { type: "struct", fields };
}

/** A column that was renamed is the same one. */
function nameOf(field: StructField): string {
  return physicalName(field) ?? field.name;
}

function isIdentity(field: StructField): boolean {
  return Object.keys(field.metadata).some((key) => key.startsWith(PREFIX));
}

/** The first of `start + k * step`, k from 0 on, that is beyond the mark. */
function nextValue(start: bigint, step: bigint, mark: bigint | undefined): bigint {
  if (mark === undefined) return start;
  const isBefore = step > 0n ? mark < start : mark > start;
  return isBefore ? start : start + ((mark - start) / step + 1n) * step;
}

function wholeNumber(field: StructField, key: string): bigint | undefined {
  const value = field.metadata[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) return BigInt(value);
  throw new SluiceError(
    "table.unsupported",
    `Cannot give values to identity column ${field.name}: ${key} is no whole number`,
  );
}

function shortest(value: bigint): MetadataValue {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
