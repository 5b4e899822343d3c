import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { DeltaTable, type NewRowOf, type Row, type RowOf, type StructType } from "./delta-door.ts";

const SCHEMA = {
  id: "long",
  count: "integer",
  amount: "decimal(18,2)",
  at: "timestamp",
  raw: "binary",
  isOpen: "boolean",
  tags: { type: "array", elementType: "string", containsNull: true },
  sizes: { type: "map", keyType: "string", valueType: "double", valueContainsNull: true },
} as const;
type Schema = typeof SCHEMA;

describe("rows have the types of their schema", () => {
  test("to the compiler", () => {
    expectTypeOf<RowOf<Schema>>().toEqualTypeOf<{
      readonly id: bigint | null;
      readonly count: number | null;
      readonly amount: string | null;
      readonly at: bigint | null;
      readonly raw: Uint8Array | null;
      readonly isOpen: boolean | null;
      readonly tags: readonly (string | null)[] | null;
      readonly sizes: readonly (readonly [string, number | null])[] | null;
    }>();
    expectTypeOf<NewRowOf<Schema>["id"]>().toEqualTypeOf<bigint | number | null | undefined>();
    expectTypeOf<NewRowOf<Schema>["at"]>().toEqualTypeOf<bigint | null | undefined>();
    expectTypeOf<RowOf<StructType>>().toEqualTypeOf<Row>();
  });

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-typed-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("and when they are written and read", async () => {
    const path = join(folder, "orders");
    const small = { threads: 1, memoryBytes: 256 * 2 ** 20 };
    await using table = await DeltaTable.create(path, { schema: SCHEMA, ...small });
    const row = {
      id: 2n ** 60n,
      count: 7,
      amount: "12.50",
      at: 1_700_000_000_000_000n,
      raw: new Uint8Array([1, 2]),
      isOpen: true,
      tags: ["a", null],
      sizes: [["x", 1.5]],
    } as const;
    await table.append([row, { id: 3, tags: null }]);
    // @ts-expect-error A column that the schema has not.
    await expect(table.append([{ idd: 3 }])).rejects.toMatchObject({ code: "table.schema-mismatch" });
    // @ts-expect-error A value of another type.
    await expect(table.append([{ amount: 12.5 }])).rejects.toMatchObject({ code: "table.schema-mismatch" });

    expect(await table.toArray({ where: "id > 3" })).toEqual([row]);
    const some = await table.toArray({ columns: ["id", "isOpen"] });
    expectTypeOf(some).toEqualTypeOf<readonly Pick<RowOf<Schema>, "id" | "isOpen">[]>();
    expect(some).toEqual(expect.arrayContaining([{ id: 3n, isOpen: null }]));
    const seen: (bigint | null)[] = [];
    for await (const { id } of table.rows({ columns: ["id"] })) seen.push(id);
    expect(seen).toHaveLength(2);

    await using untyped = await DeltaTable.open(path, small);
    expectTypeOf(await untyped.toArray()).toEqualTypeOf<readonly Row[]>();
    await using typed = await DeltaTable.open(path, { schema: { count: "integer" }, ...small });
    expectTypeOf(typed.rows()).toEqualTypeOf<AsyncIterable<{ readonly count: number | null }>>();
    for (const schema of [{ other: "long" }, { count: "long" }] as const) {
      await expect(DeltaTable.open(path, { schema, ...small })).rejects.toMatchObject({
        code: "table.schema-mismatch",
      });
    }
  });
});
