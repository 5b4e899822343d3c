import { arrayOf, decimal, field, mapOf, struct, type DataType, type StructField } from "../../contract/index.ts";
import type { ColumnContents, TypeContents } from "../builders/column.ts";
import { contentsOf } from "../builders/mark.ts";
import { columnMetadata } from "../column-metadata.ts";
import type { Place } from "../reading/place.ts";
import { readEntries } from "../reading/read-object.ts";
import { readWholeNumber } from "../reading/read-scalar.ts";
import { originTitle, readColumnMeaning } from "./column-meaning.ts";

const PRECISION_MAX = 38; // Delta PROTOCOL, "Primitive Types"
const DEPTH_MAX = 64; // twice what DynamoDB nests; a deeper one contains itself

/** The type that a column declares; undefined (and noted) where it is none. */
export function readType(place: Place, contents: TypeContents, depth = 0): DataType | undefined {
  if (depth > DEPTH_MAX) return place.refuse(`types nested at most ${DEPTH_MAX} deep`, "deeper ones");
  switch (contents.kind) {
    case "plain":
      return contents.name;
    case "decimal":
      return readDecimal(place, contents.precision, contents.scale);
    case "array": {
      const element = readNested(place.at("array"), contents.element, depth);
      return element === undefined ? undefined : arrayOf(element.type);
    }
    case "map":
      return readMap(place.at("map"), contents, depth);
    case "struct":
      return readStruct(place.at("struct"), contents.fields, depth);
  }
}

function readDecimal(place: Place, precisionValue: unknown, scaleValue: unknown): DataType | undefined {
  const precision = readWholeNumber(place, precisionValue, { least: 1, most: PRECISION_MAX, what: "a precision" });
  const most = precision ?? PRECISION_MAX;
  const scale = readWholeNumber(place, scaleValue, { least: 0, most, what: "a scale" });
  return precision === undefined || scale === undefined ? undefined : decimal(precision, scale);
}

function readMap(
  place: Place,
  contents: { readonly key: unknown; readonly value: unknown },
  depth: number,
): DataType | undefined {
  const key = readNested(place.at("key"), contents.key, depth);
  const value = readNested(place.at("value"), contents.value, depth);
  if (key === undefined || value === undefined) return undefined;
  if (typeof key.type !== "string") return place.at("key").refuse("a key of a plain type", `the type ${key.type.type}`);
  return mapOf(key.type, value.type);
}

function readStruct(place: Place, value: unknown, depth: number): DataType | undefined {
  const entries = readEntries(place, value, "fields by name");
  if (entries === undefined) return undefined;
  if (entries.length === 0) return place.refuse("at least one field", "none");
  const fields = entries.map(([name, one]) => readStructField(place.at(name), name, { value: one, depth }));
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (names.size < entries.length) return place.refuse("names that differ in more than case", "two that do not");
  return fields.every((one) => one !== undefined) ? struct(fields) : undefined;
}

function readStructField(
  place: Place,
  name: string,
  { value, depth }: { readonly value: unknown; readonly depth: number },
): StructField | undefined {
  if (name.trim() === "" || /[ ,;{}()\n\t=]/.test(name)) {
    return place.refuse("another name for the field", `${JSON.stringify(name)}, which Delta does not allow`);
  }
  const nested = readNested(place, value, depth);
  if (nested === undefined) return undefined;
  return field(name, nested.type, columnMetadata(readColumnMeaning(place, nested.contents)));
}

/** The type of an element, key, value or field: a column without an origin of its own. */
function readNested(
  place: Place,
  value: unknown,
  depth: number,
): { readonly type: DataType; readonly contents: ColumnContents } | undefined {
  const contents = contentsOf(value, "column");
  if (contents === undefined) return place.expected("a column such as s.string()", value);
  for (const origin of contents.origins) place.refuse("an origin on the outermost column only", originTitle(origin));
  const type = readType(place, contents.type, depth + 1);
  return type === undefined ? undefined : { type, contents };
}
