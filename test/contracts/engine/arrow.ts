import fc from "fast-check";
import { expect, test } from "vitest";
import { arrayOf, field, struct } from "../../../src/contract/index.ts";
import type { Row } from "../../../src/engine/index.ts";
import { lakeUnderTest, type LakeUnderTest, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";
import { tables } from "./types.ts";

/** By night many times as many. */
const FACTOR = process.env["SLUICE_NIGHTLY"] === "true" ? 50 : 1;

async function arrowOf(lake: LakeUnderTest, table: TableUnderTest, sql = "select * from t"): Promise<Buffer[]> {
  const t = { kind: "table", table: await table.open() } as const;
  const pieces: Buffer[] = [];
  for await (const piece of lake.engine.arrow({ sql, inputs: { t } })) pieces.push(Buffer.from(piece));
  return pieces;
}

async function rowsOfArrow(lake: LakeUnderTest, pieces: Iterable<Uint8Array>): Promise<readonly Row[]> {
  await using scratch = await lake.engine.stage({ kind: "arrow", stream: pieces });
  return await lake.engine.rows({ sql: "from s order by n", inputs: { s: { kind: "scratch", scratch } } });
}

/** The same bytes in pieces of other sizes. */
function cut(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function text(n: number): string {
  return n % 3 === 0 ? "short" : `a text of more than twelve bytes ${n % 5} ${n}`;
}

export function exchangingArrow(make: MakeEngine): void {
  test("an Arrow stream has every value of every type, and gives it back", { timeout: 120_000 * FACTOR }, async () => {
    await using lake = await lakeUnderTest(make);
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(tables, sizes, async ({ schema, rows }, pieces) => {
        const table = lake.table(lake.store("memory"));
        await table.create({ schema }, rows);
        const bytes = Buffer.concat(await arrowOf(lake, table));
        expect(await rowsOfArrow(lake, cut(bytes, pieces))).toEqual(rows);
        await using scratch = await lake.engine.stage({ kind: "arrow", stream: bytes });
        expect(scratch.schema).toEqual(schema);
      }),
      { numRuns: 20 * FACTOR },
    );
  });

  test("large results come in several record batches, and lists in whatever order they lie in memory", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    await table.create({ schema: struct([field("n", "long")]) });
    const sql =
      "select (150000 - i)::bigint n, case when i % 7 = 0 then null when i % 3 = 0 then 'short' else 'a text of more than twelve bytes ' || i % 5 || ' ' || i end s, " +
      "case when i % 11 = 0 then null else list_transform(range(i % 4), lambda x: case when x = 2 then null else 'item ' || x || ' of row number ' || i end) end l " +
      "from range(150000) r(i) order by i % 13, i";
    const pieces = await arrowOf(lake, table, sql);
    expect(pieces.length).toBeGreaterThan(4);
    const rows = await rowsOfArrow(lake, pieces);
    expect(rows).toHaveLength(150_000);
    expect(rows.toReversed()).toEqual(
      Array.from({ length: 150_000 }, (_, i) => ({
        n: BigInt(150_000 - i),
        s: i % 7 === 0 ? null : text(i),
        l:
          i % 11 === 0
            ? null
            : Array.from({ length: i % 4 }, (_item, x) => (x === 2 ? null : `item ${x} of row number ${i}`)),
      })),
    );
  });

  test(
    "bytes that are no Arrow stream, or break off, are refused and leave nothing",
    { timeout: 60_000 * FACTOR },
    async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const schema = struct([field("n", "long"), field("l", arrayOf("string"))]);
      await table.create({ schema }, [{ n: 1n, l: ["a", null, "a longer text than that"] }]);
      const bytes = Buffer.concat(await arrowOf(lake, table));
      const stage = async (stream: Uint8Array): Promise<unknown> =>
        await lake.engine.stage({ kind: "arrow", stream }).then(async (scratch) => {
          await using kept = scratch;
          return await lake.engine.rows({ sql: "from s", inputs: { s: { kind: "scratch", scratch: kept } } });
        });
      const whole = await stage(bytes);
      for (const other of [
        Buffer.from("{}"),
        Buffer.from("PAR1\0\0\0\0PAR1"),
        Buffer.alloc(64, 255),
        Buffer.alloc(0),
      ]) {
        await expect(stage(other)).rejects.toMatchObject({ code: "table.schema-mismatch" });
      }
      // After the schema the stream may end; anywhere else it is cut.
      const [first = Buffer.alloc(0)] = await arrowOf(lake, table);
      for (let length = 1; length < bytes.length - 8; length += 7) {
        if (length === first.length) continue;
        await expect(stage(bytes.subarray(0, length)), `cut to ${length}`).rejects.toMatchObject({
          code: "table.schema-mismatch",
        });
      }
      // Whatever a byte is changed to, there is an answer or a refusal, and never a fault of ours.
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
          const changed = Buffer.from(bytes);
          changed[at] = value;
          const answer = await stage(changed).catch((error: unknown) => error);
          if (answer instanceof Error) expect(answer).toMatchObject({ code: "table.schema-mismatch" });
          else expect(Array.isArray(answer)).toBe(true);
        }),
        { numRuns: 60 * FACTOR },
      );
      expect(await stage(bytes)).toEqual(whole);
    },
  );
}
