import type { DataType } from "../../../../contract/index.ts";

/** Why no change can be read out of a file's columns without loss. The message says what and where, `advice` what to do. */
export class LayoutFlaw extends Error {
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(what);
    this.advice = advice;
  }
}

/** A type as Glue and Hive write it. */
export function shownType(type: DataType): string {
  if (typeof type === "string") return GLUE_NAMES[type] ?? type;
  if (type.type === "array") return `array<${shownType(type.elementType)}>`;
  if (type.type === "map") return `map<${shownType(type.keyType)},${shownType(type.valueType)}>`;
  const members = type.fields.map(({ name, type: member }) => `${name}:${shownType(member)}`);
  return `struct<${members.join(",")}>`;
}

const GLUE_NAMES: Readonly<Record<string, string>> = {
  long: "bigint",
  integer: "int",
  short: "smallint",
  byte: "tinyint",
  timestamp_ntz: "timestamp",
};
