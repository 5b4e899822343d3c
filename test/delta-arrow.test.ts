import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrayOf, mapOf, struct, field, type DataType } from "../src/contract/index.ts";
import { DeltaTable, type Row } from "../src/lake/delta-door.ts";
import { canonicalRows } from "./services/canonical-rows.ts";
import { requirePart, startDeltaRs } from "./services/judges.ts";

const TYPES: Readonly<
  Record<string, { readonly delta: DataType; readonly arrow: string; readonly values: Row[string][] }>
> = {
  n: { delta: "long", arrow: "int64", values: [1n, 2n ** 63n - 1n, -(2n ** 63n)] },
  i: { delta: "integer", arrow: "int32", values: [1, -(2 ** 31), null] },
  s: { delta: "short", arrow: "int16", values: [-1, 32_767, null] },
  b: { delta: "byte", arrow: "int8", values: [null, 127, -128] },
  f: { delta: "float", arrow: "float", values: [0.5, Number.NaN, -0] },
  d: { delta: "double", arrow: "double", values: [0.1, Number.NEGATIVE_INFINITY, null] },
  yes: { delta: "boolean", arrow: "bool", values: [true, null, false] },
  text: { delta: "string", arrow: "string", values: ["", null, "Zwölf Boxkämpfer 🦊 jagen Viktor"] },
  bytes: { delta: "binary", arrow: "binary", values: [new Uint8Array(), Uint8Array.of(0, 255), null] },
  day: { delta: "date", arrow: "date32[day]", values: ["0001-01-01", "9999-12-31", null] },
  at: { delta: "timestamp", arrow: "timestamp[us, tz=UTC]", values: [-1n, 253_402_300_799_999_999n, null] },
  local: { delta: "timestamp_ntz", arrow: "timestamp[us]", values: [1n, null, -62_135_596_800_000_000n] },
  price: { delta: "decimal(5,2)", arrow: "decimal128(5, 2)", values: ["-0.01", "999.99", null] },
  sum: { delta: "decimal(18,4)", arrow: "decimal128(18, 4)", values: ["-99999999999999.9999", null, "0.0001"] },
  huge: {
    delta: "decimal(38,10)",
    arrow: "decimal128(38, 10)",
    values: ["-9999999999999999999999999999.9999999999", "0.0000000001", null],
  },
  list: {
    delta: arrayOf(arrayOf("string")),
    arrow: "list<element: list<element: string>>",
    values: [[["a", null], null, []], [], null],
  },
  map: {
    delta: mapOf("string", "decimal(38,0)"),
    arrow: "map<string, decimal128(38, 0)>",
    values: [
      [
        ["k", "99999999999999999999999999999999999999"],
        ["l", null],
      ],
      [],
      null,
    ],
  },
  pair: {
    delta: struct([field("x", "long"), field("inner", struct([field("y", "date")]))]),
    arrow: "struct<x: int64, inner: struct<y: date32[day]>>",
    values: [{ x: 1n, inner: { y: "2026-02-28" } }, { x: null, inner: null }, null],
  },
};
const COLUMNS = Object.entries(TYPES);
const SCHEMA = struct(COLUMNS.map(([name, { delta }]) => field(name, delta)));
const ROWS: readonly Row[] = [0, 1, 2].map((row) =>
  Object.fromEntries(COLUMNS.map(([name, { values }]) => [name, values[row] ?? null])),
);

describe("Arrow streams of a Delta table", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-arrow-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(!requirePart("delta-1.6.6"))(
    "are read by pyarrow as they were written, and what it writes by us",
    async () => {
      await using table = await DeltaTable.create(join(folder, "ours"), { schema: SCHEMA });
      await table.append(ROWS);
      await table.append(Array.from({ length: 20 }, (_, index) => ({ n: BigInt(index + 10), text: `t${index % 3}` })));
      const [source, target] = [join(folder, "source.arrows"), join(folder, "target.arrows")];
      await writeFile(source, table.readArrow());
      await using judge = await startDeltaRs("1.6.6");
      const answer = await judge.arrow(source, target);
      expect(answer.types).toEqual(Object.fromEntries(COLUMNS.map(([name, { arrow }]) => [name, arrow])));
      const rows = await table.toArray();
      const { count, sha256 } = canonicalRows(SCHEMA, rows);
      expect(answer).toMatchObject({ count, sha256 });

      await using copy = await DeltaTable.create(join(folder, "copy"), { schema: SCHEMA });
      await copy.append({ arrow: createReadStream(target) });
      expect(canonicalRows(SCHEMA, await copy.toArray())).toMatchObject({ count, sha256 });
    },
  );

  test.skipIf(!requirePart("delta-1.6.6"))("are taken in the other forms that pyarrow writes", async () => {
    const columns = {
      large_text: { type: "string", values: ["a", null, "Zwölf"] },
      large_bytes: { type: "binary", values: [Uint8Array.of(0), new Uint8Array(), null] },
      two_bytes: {
        type: "binary",
        values: [Uint8Array.from(Buffer.from("ab")), null, Uint8Array.from(Buffer.from("cd"))],
      },
      u8: { type: "short", values: [255, 0, null] },
      u16: { type: "integer", values: [65_535, null, 1] },
      u32: { type: "long", values: [4_294_967_295n, null, 1n] },
      u64: { type: "decimal(20,0)", values: ["18446744073709551615", null, "1"] },
      wide: { type: "decimal(38,2)", values: ["-1.50", null, "99.99"] },
      day: { type: "date", values: ["1969-12-31", null, "2026-02-28"] },
      s: { type: "timestamp", values: [-1_000_000n, null, 1_000_000n] },
      ms: { type: "timestamp_ntz", values: [-1_000n, null, 1_000n] },
      ns: { type: "timestamp", values: [-1n, null, 1n] },
      large_list: { type: arrayOf("string"), values: [["x", null], null, []] },
      pair: { type: arrayOf("integer"), values: [[1, 2], null, [3, null]] },
      kind: { type: "string", values: ["b", null, "a"] },
      kinds: { type: arrayOf("string"), values: [["b", "b"], null, ["a"]] },
      none: { type: "string", values: [null, null, null] },
    } as const;
    const entries = Object.entries(columns);
    const schema = struct(entries.map(([name, { type }]) => field(name, type)));
    await using table = await DeltaTable.create(join(folder, "forms"), { schema });
    await using judge = await startDeltaRs("1.6.6");
    const file = join(folder, "forms.arrow");
    await judge.arrowForms(file);
    await table.append({ arrow: createReadStream(file) });
    const expected = [0, 1, 2].map((row) =>
      Object.fromEntries(entries.map(([name, { values }]) => [name, values[row]])),
    );
    expect(await table.toArray()).toEqual(expected);
  });

  test("have the columns, rows and version that are asked for, and are appended, merged and written over", async () => {
    const schema = { id: "long", name: "string", small: "short" } as const;
    await using table = await DeltaTable.create(join(folder, "verbs"), { schema });
    await table.append([
      { id: 1, name: "one", small: 1 },
      { id: 2, name: "two", small: 2 },
    ]);
    await table.append([{ id: 3, name: "three", small: 3 }]);
    const two = await bytesOf(table.readArrow({ version: 1, columns: ["id", "name"], where: "id > 1" }));
    await table.append({ arrow: two });
    expect(await sorted(table)).toEqual([
      { id: 1n, name: "one", small: 1 },
      { id: 2n, name: "two", small: null },
      { id: 2n, name: "two", small: 2 },
      { id: 3n, name: "three", small: 3 },
    ]);
    await table.overwrite({ arrow: await bytesOf(table.readArrow({ where: "small is not null" })) });
    await table.merge({ arrow: [two] }, { keys: ["id"], matched: { set: { name: "upper(source.name)" } } });
    expect(await sorted(table)).toEqual([
      { id: 1n, name: "one", small: 1 },
      { id: 2n, name: "TWO", small: 2 },
      { id: 3n, name: "three", small: 3 },
    ]);
    let isEnded = false;
    async function* given(): AsyncGenerator<Uint8Array> {
      try {
        yield* table.readArrow();
      } finally {
        isEnded = true;
      }
    }
    const { version } = table;
    const aborted = { signal: AbortSignal.abort() };
    await expect(table.append({ arrow: given() }, aborted)).rejects.toMatchObject({ code: "run.interrupted" });
    expect(isEnded).toBe(true);
    // A column of another type that could lose something is refused, and nothing is written.
    await expect(table.append({ sql: "select 1::bigint id, 'x' small", inputs: {} })).rejects.toMatchObject({
      code: "table.schema-mismatch",
    });
    await table.refresh();
    expect(table.version).toBe(version);
  });
});

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function sorted(table: { toArray(): Promise<readonly object[]> }): Promise<readonly object[]> {
  return (await table.toArray()).toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

function keyOf(row: object): string {
  return Object.values(row).join();
}
