import { describe, expect, test } from "vitest";
import { field, struct } from "../../contract/index.ts";
import type { Row } from "../../engine/index.ts";
import { paintFor } from "./paint.ts";
import { csvEncoder, envelopeEncoder, jsonEncoder, ndjsonEncoder, type RowEncoder } from "./row-encoder.ts";
import { tableEncoder } from "./row-table.ts";

const SCHEMA = struct([field("id", "string"), field("n", "long")]);
const PAGES: readonly (readonly Row[])[] = [
  [{ id: "a", n: 1n }],
  [
    { id: "=1+1\u001b[2J", n: -2n },
    { id: null, n: null },
  ],
];

function encode(encoder: RowEncoder, pages = PAGES): string {
  return encoder.start() + pages.map((rows) => encoder.rows(rows)).join("") + encoder.end();
}

describe("rows", () => {
  test("as json are one array, over however many pages", () => {
    expect(JSON.parse(encode(jsonEncoder(SCHEMA)))).toEqual([
      { id: "a", n: 1 },
      { id: "=1+1\u001b[2J", n: -2 },
      { id: null, n: null },
    ]);
    expect(JSON.parse(encode(jsonEncoder(SCHEMA), []))).toEqual([]);
  });

  test("as a versioned object say their columns", () => {
    expect(JSON.parse(encode(envelopeEncoder(SCHEMA)))).toMatchObject({
      schema: "sluice.rows/1",
      columns: [
        { name: "id", type: "string" },
        { name: "n", type: "long" },
      ],
      rows: [{ n: 1 }, { n: -2 }, { n: null }],
    });
  });

  test("as ndjson are one object a line", () => {
    expect(
      encode(ndjsonEncoder(SCHEMA))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(3);
    expect(encode(ndjsonEncoder(SCHEMA), [])).toBe("");
  });

  test("as csv guard formulas but not numbers, and keep controls only in files (A3)", () => {
    expect(encode(csvEncoder(SCHEMA, { isTerminal: false }))).toBe("id,n\na,1\n'=1+1\u001b[2J,-2\n,\n");
    expect(encode(csvEncoder(SCHEMA, { isTerminal: true }))).toBe("id,n\na,1\n'=1+1\\u001b[2J,-2\n,\n");
  });

  test("as a table steer no terminal, and an empty result still says its columns (A3)", () => {
    const options = { paint: paintFor(false), width: undefined };
    expect(encode(tableEncoder(SCHEMA, options))).toBe("id  n\na   1\n=1+1\\u001b[2J    -2\nNULL           NULL\n");
    expect(encode(tableEncoder(SCHEMA, options), [])).toBe("id  n\n");
  });
});
