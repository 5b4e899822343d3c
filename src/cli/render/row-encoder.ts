import type { DataType, StructType } from "../../contract/index.ts";
import type { Row } from "../../engine/index.ts";
import { csvCell, csvLine } from "./csv.ts";
import { jsonString, jsonText, type Jsonable } from "./json.ts";
import { isFreeText, valueJson, valueText } from "./row-value.ts";
import { safeLine } from "./safe-text.ts";

/** Turns a stream of rows into text, piece by piece. */
export interface RowEncoder {
  start(): string;
  rows(rows: readonly Row[]): string;
  end(): string;
}

/** One object a line. */
export function ndjsonEncoder(schema: StructType): RowEncoder {
  return { start: () => "", rows: (rows) => rows.map((row) => `${rowJson(row, schema)}\n`).join(""), end: () => "" };
}

/** One array of objects. */
export function jsonEncoder(schema: StructType): RowEncoder {
  return listEncoder(schema, "[", "]\n");
}

/** One versioned object: `{"schema": "sluice.rows/1", "columns": [{name, type}], "rows": […]}`. */
export function envelopeEncoder(schema: StructType): RowEncoder {
  const columns = schema.fields.map((one) => `{"name":${jsonString(one.name)},"type":${typeJson(one.type)}}`);
  return listEncoder(schema, `{"schema":"sluice.rows/1","columns":[${columns.join(",")}],"rows":[`, "]}\n");
}

/** A header and one line a row (RFC 4180). Controls are escaped where a terminal would obey them. */
export function csvEncoder(schema: StructType, { isTerminal }: { readonly isTerminal: boolean }): RowEncoder {
  const shown = (text: string | null): string | null => (isTerminal && text !== null ? safeLine(text) : text);
  return {
    start: () => csvLine(schema.fields.map((one) => csvCell(shown(one.name), { isText: true }))),
    rows: (rows) =>
      rows
        .map((row) =>
          csvLine(
            schema.fields.map((one) =>
              csvCell(shown(valueText(row[one.name], one.type)), { isText: isFreeText(one.type) }),
            ),
          ),
        )
        .join(""),
    end: () => "",
  };
}

function listEncoder(schema: StructType, open: string, close: string): RowEncoder {
  let isFirst = true;
  return {
    start: () => open,
    rows: (rows) =>
      rows
        .map((row) => {
          const separator = isFirst ? "\n" : ",\n";
          isFirst = false;
          return separator + rowJson(row, schema);
        })
        .join(""),
    end: () => (isFirst ? close : `\n${close}`),
  };
}

function rowJson(row: Row, schema: StructType): string {
  return `{${schema.fields.map((one) => `${jsonString(one.name)}:${valueJson(row[one.name], one.type)}`).join(",")}}`;
}

function typeJson(type: DataType): string {
  return jsonText(type as unknown as Jsonable);
}
