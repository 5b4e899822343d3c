import type { StructType } from "../../contract/index.ts";
import type { Paint } from "./paint.ts";
import type { RowEncoder } from "./row-encoder.ts";
import { isNumeric, valueText } from "./row-value.ts";
import { safeLine } from "./safe-text.ts";
import { textTablePages, type Cell } from "./text-table.ts";
import { cutToWidth } from "./text-width.ts";

const CELL_MAX = 200; // where nothing limits the width, a long text still does not push the rest out of sight

/** Rows as an aligned table; what the data holds cannot steer the terminal. */
export function tableEncoder(
  schema: StructType,
  options: { readonly paint: Paint; readonly width: number | undefined },
): RowEncoder {
  const columns = schema.fields.map((one) => ({
    title: cutToWidth(safeLine(one.name), CELL_MAX),
    align: isNumeric(one.type) ? ("right" as const) : ("left" as const),
  }));
  const page = textTablePages(columns, options);
  let isEmpty = true;
  return {
    start: () => "",
    rows: (rows) => {
      isEmpty = false;
      return page(
        rows.map((row) =>
          schema.fields.map((one): Cell => {
            const text = valueText(row[one.name], one.type);
            return text === null ? { text: "NULL", paint: options.paint.dim } : cutToWidth(safeLine(text), CELL_MAX);
          }),
        ),
      );
    },
    end: () => (isEmpty ? page([]) : ""),
  };
}
