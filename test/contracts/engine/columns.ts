import fc from "fast-check";
import { expect, test } from "vitest";
import {
  arrayOf,
  field,
  mapOf,
  struct,
  type PrimitiveName,
  type StructField,
  type StructType,
} from "../../../src/contract/index.ts";
import { sqlTypeOf, type Row, type Value } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, rowsOf, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

type Step =
  | { readonly kind: "append"; readonly count: number }
  | { readonly kind: "add"; readonly name: string }
  | { readonly kind: "rename"; readonly at: number; readonly name: string }
  | { readonly kind: "drop"; readonly at: number }
  | { readonly kind: "delete"; readonly modulus: bigint }
  | { readonly kind: "copy" }
  | { readonly kind: "optimize" };

// Few names, so that a dropped one comes back; some that no table without column mapping may have.
const names = fc.constantFrom("a", "b", "c d", "e=f", "__proto__", 'q"x', "ü,;{}");
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("add" as const), name: names }),
    fc.record({ kind: fc.constant("rename" as const), at: fc.nat(8), name: names }),
    fc.record({ kind: fc.constant("drop" as const), at: fc.nat(8) }),
    fc.record({ kind: fc.constant("delete" as const), modulus: fc.bigInt(2n, 5n) }),
    fc.record({ kind: fc.constantFrom("copy" as const, "optimize" as const) }),
  ),
  { minLength: 2, maxLength: 10 },
);

export function changingColumns(make: MakeEngine): void {
  widening(make);

  test("columns that come, go and are renamed keep their values, and nobody else's", { timeout: 240_000 }, async () => {
    await using lake = await lakeUnderTest(make);
    const layout = fc.record({
      mode: fc.constantFrom("name", "id", "later"),
      store: fc.constantFrom(...STORE_KINDS),
      vectors: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(layout, steps, async ({ mode, store, vectors }, list) => {
        const table = lake.table(lake.store(store));
        const model = new Model();
        const properties = { "delta.enableDeletionVectors": String(vectors) };
        if (mode === "later") {
          await table.create({ schema: model.schema(), properties });
          await model.append(table, 3);
          const enabled = { "delta.columnMapping.mode": "name" };
          await table.engine.alter(await table.open(), { kind: "set-properties", properties: enabled });
        } else {
          const mapped = { ...properties, "delta.columnMapping.mode": mode };
          await table.create({ schema: model.schema(), properties: mapped });
        }
        for (const step of list) await model.apply(table, step);
        expect(await table.rows("select * from t order by id")).toEqual(model.sorted());
        expect(table.warnings).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test("members of structs are renamed and dropped at any depth, and read from files of before", async () => {
    await using lake = await lakeUnderTest(make);
    const inner = struct([field("x", "long"), field("y z", "string")]);
    const schema = struct([
      field("id", "long"),
      field("s", struct([field("deep", inner)])),
      field("l", arrayOf(inner)),
      field("m", mapOf("string", inner)),
    ]);
    const table = lake.table(lake.store("local"));
    await table.create({ schema, properties: { "delta.columnMapping.mode": "name" } });
    const value = { x: 1n, "y z": "one" };
    await table.append(schema, [
      { id: 1n, s: { deep: value }, l: [value, null], m: [["k", value]] },
      { id: 2n, s: null, l: null, m: null },
    ]);
    const alter = async (change: Parameters<typeof table.engine.alter>[1]): Promise<void> => {
      await table.engine.alter(await table.open(), change);
    };
    await alter({ kind: "rename-column", column: ["s", "deep", "x"], to: "x 2" });
    await alter({ kind: "drop-column", column: ["l", "element", "y z"] });
    await alter({ kind: "rename-column", column: ["m", "value", "x"], to: "y" });
    await alter({ kind: "rename-column", column: ["l"], to: "list" });
    expect(await table.rows("select * from t order by id")).toEqual([
      {
        id: 1n,
        s: { deep: { "x 2": 1n, "y z": "one" } },
        list: [{ x: 1n }, null],
        m: [["k", { y: 1n, "y z": "one" }]],
      },
      { id: 2n, s: null, list: null, m: null },
    ]);
    await expect(alter({ kind: "rename-column", column: ["S", "Deep", "x 2"], to: "Y Z" })).rejects.toThrow(/already/);
    await expect(alter({ kind: "drop-column", column: ["no"] })).rejects.toThrow(/no column no/);
  });

  test("columns are not renamed or dropped where files are read by their names, nor the mode taken back", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    await table.create({ schema: struct([field("id", "long"), field("p", "string")]), partitionColumns: ["p"] });
    const open = await table.open();
    const refused = { code: "table.unsupported" };
    await expect(table.engine.alter(open, { kind: "drop-column", column: ["id"] })).rejects.toMatchObject(refused);
    const byId = { "delta.columnMapping.mode": "id" };
    await expect(table.engine.alter(open, { kind: "set-properties", properties: byId })).rejects.toMatchObject(refused);
    const byName = { "delta.columnMapping.mode": "name" };
    await table.engine.alter(open, { kind: "set-properties", properties: byName });
    const mapped = await table.open();
    expect(mapped.snapshot?.protocol.readerFeatures).toContain("columnMapping");
    const back = { "delta.columnMapping.mode": null };
    await expect(table.engine.alter(mapped, { kind: "set-properties", properties: back })).rejects.toMatchObject(
      refused,
    );
    for (const column of [["id"], ["p"]]) {
      await expect(table.engine.alter(mapped, { kind: "drop-column", column })).rejects.toMatchObject(refused);
    }
    await table.engine.alter(mapped, { kind: "rename-column", column: ["p"], to: "part" });
    await table.append(struct([field("id", "long"), field("part", "string")]), [{ id: 1n, part: "x" }]);
    expect(await table.rows()).toEqual([{ id: 1n, part: "x" }]);
    const again = await table.engine.alter(await table.open(), { kind: "set-properties", properties: byName });
    expect(again.kind).toBe("nothing");
  });
}

interface Widening {
  readonly from: PrimitiveName;
  readonly values: readonly Value[];
  readonly to: readonly PrimitiveName[];
  /** Columns are found by their ids, where the types of files are looked at. */
  readonly byId?: true;
}

/** Every change that the protocol allows, some one after the other. */
const WIDENINGS: readonly Widening[] = [
  { from: "byte", values: [-128, 127, null], to: ["short", "integer", "long"], byId: true },
  { from: "byte", values: [-128, 127, null], to: ["integer", "double"], byId: true },
  { from: "byte", values: [-128, 127, null], to: ["decimal(10,0)", "decimal(12,2)"] },
  { from: "short", values: [-32_768, 32_767, null], to: ["double"], byId: true },
  { from: "short", values: [-32_768, 32_767, null], to: ["long", "decimal(20,0)"] },
  { from: "integer", values: [-2_147_483_648, 2_147_483_647], to: ["long", "decimal(22,2)"] },
  { from: "integer", values: [5, null], to: ["decimal(12,2)", "decimal(20,4)"], byId: true },
  { from: "integer", values: [-2_147_483_648, null], to: ["double"], byId: true },
  { from: "long", values: [-(2n ** 63n), 2n ** 63n - 1n], to: ["decimal(20,0)", "decimal(38,10)"], byId: true },
  // A partition value is text, which every engine reads as the wide type: 0.1 would be another number then.
  { from: "float", values: [0.5, -0, null], to: ["double"], byId: true },
  { from: "date", values: ["0001-01-01", "9999-12-31", null], to: ["timestamp_ntz"], byId: true },
  { from: "decimal(5,2)", values: ["999.99", "-0.01"], to: ["decimal(5,2)", "decimal(38,10)"] },
];

function widenedTable(type: PrimitiveName): StructType {
  const columns = { v: type, p: type, s: struct([field("x", type)]), l: arrayOf(type), m: mapOf("string", type) };
  return struct([field("id", "long"), ...Object.entries(columns).map(([name, one]) => field(name, one))]);
}

/** Where the values of a row of that table are, for a query. */
const WIDENED: readonly { readonly path: readonly string[]; readonly sql: string }[] = [
  { path: ["v"], sql: "v" },
  { path: ["p"], sql: "p" },
  { path: ["s", "x"], sql: "s.x" },
  { path: ["l", "element"], sql: "l[1]" },
  { path: ["m", "value"], sql: "m['k']" },
];

function widening(make: MakeEngine): void {
  test.each(WIDENINGS)(
    "a column of type $from is widened to $to, and older files are read as it",
    { timeout: 120_000 },
    async ({ from, values, to, byId }) => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("local"));
      const rows = values.map((value, index): Row => {
        return { id: BigInt(index), v: value, p: value, s: { x: value }, l: [value], m: [["k", value]] };
      });
      const properties = {
        "delta.enableTypeWidening": "true",
        "delta.enableDeletionVectors": "true",
        "delta.columnMapping.mode": byId === true ? "id" : "none",
      };
      await table.create({ schema: widenedTable(from), properties, partitionColumns: ["p"] }, rows);
      for (const type of to) {
        const wanted = await table.rows(`select id, v::${sqlTypeOf(type)} as v from t order by id`);
        for (const { path } of WIDENED) {
          await table.engine.alter(await table.open(), { kind: "widen-column", column: path, type });
        }
        for (const { sql } of WIDENED)
          expect(await table.rows(`select id, ${sql} as v from t order by id`)).toEqual(wanted);
        // Found by a key of the new type in files whose statistics are of the old one.
        const open = await table.open();
        const source = {
          sql: "select v from t where v is not null",
          inputs: { t: { kind: "table", table: open } },
        } as const;
        const merged = await table.engine.merge(open, { source, keys: ["v"], notMatched: { insertWhen: "true" } });
        const updated = wanted.filter((row) => row["v"] !== null).length;
        expect(merged).toMatchObject({ metrics: { rowsInserted: 0, rowsUpdated: updated } });
      }
      const back = table.engine.alter(await table.open(), { kind: "widen-column", column: ["v"], type: "byte" });
      await expect(back).rejects.toMatchObject({ code: "table.schema-mismatch" });
    },
  );

  test("a column is not widened where the table does not allow it, or where a rule speaks of it", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    await table.create({ schema: struct([field("id", "long"), field("n", "integer")]) });
    const widen = async (column: string): Promise<unknown> =>
      await table.engine.alter(await table.open(), { kind: "widen-column", column: [column], type: "long" });
    await expect(widen("n")).rejects.toMatchObject({ code: "table.unsupported" });
    const properties = { "delta.enableTypeWidening": "true" };
    await table.engine.alter(await table.open(), { kind: "set-properties", properties });
    await expect(widen("other")).rejects.toMatchObject({ code: "table.schema-mismatch" });
    const constraint = { kind: "add-constraint", name: "positive", expression: "n > 0" } as const;
    await table.engine.alter(await table.open(), constraint);
    await expect(widen("n")).rejects.toMatchObject({ code: "table.unsupported" });
    await table.engine.alter(await table.open(), { kind: "drop-constraint", name: "positive" });
    await expect(widen("n")).resolves.toMatchObject({ kind: "committed" });
    await expect(widen("n")).resolves.toMatchObject({ kind: "nothing" });
  });
}

/** A table as a list of columns and a list of rows, by columns that have a name of their own besides the one that is shown. */
class Model {
  #columns: { readonly key: number; name: string }[] = [{ key: 0, name: "a" }];
  #rows: { readonly id: bigint; readonly values: Map<number, Value> }[] = [];
  #next = 1n;
  #keys = 1;

  schema(): ReturnType<typeof struct> {
    const columns = this.#columns.map(({ name }): StructField => field(name, struct([field("v", "long")])));
    return struct([field("id", "long"), ...columns]);
  }

  sorted(): readonly Row[] {
    return this.#rows.map(({ id, values }) =>
      this.#row(
        id,
        this.#columns.map(({ key }) => values.get(key) ?? null),
      ),
    );
  }

  async append(table: TableUnderTest, count: number): Promise<void> {
    const added = Array.from({ length: count }, () => {
      this.#next += 1n;
      const values = new Map(this.#columns.map(({ key }): [number, Value] => [key, { v: this.#next * 10n }]));
      return { id: this.#next, values };
    });
    this.#rows.push(...added);
    const rows = added.map(({ id, values }) => this.#row(id, [...values.values()]));
    await table.append(this.schema(), rows);
  }

  async apply(table: TableUnderTest, step: Step): Promise<void> {
    const { engine } = table;
    const open = await table.open();
    const taken = (name: string): boolean => this.#columns.some((one) => one.name === name);
    switch (step.kind) {
      case "append":
        return await this.append(table, step.count);
      case "add": {
        if (taken(step.name)) return;
        this.#columns.push({ key: (this.#keys += 1), name: step.name });
        await engine.append(open, rowsOf(this.schema(), []), { schema: this.schema() });
        return;
      }
      case "rename": {
        const column = this.#columns[step.at % Math.max(1, this.#columns.length)];
        if (column === undefined || taken(step.name)) return;
        await engine.alter(open, { kind: "rename-column", column: [column.name], to: step.name });
        column.name = step.name;
        return;
      }
      case "drop": {
        const [column] = this.#columns.splice(step.at % Math.max(1, this.#columns.length), 1);
        if (column !== undefined) await engine.alter(open, { kind: "drop-column", column: [column.name] });
        return;
      }
      case "delete":
        this.#rows = this.#rows.filter(({ id }) => id % step.modulus !== 0n);
        await engine.delete(open, `id % ${step.modulus} = 0`);
        return;
      case "optimize":
        await engine.optimize(open);
        return;
      case "copy":
        await engine.overwrite(open, {
          sql: "select * from t",
          inputs: { t: { kind: "table", table: open } },
        });
    }
  }

  #row(id: bigint, values: readonly Value[]): Row {
    const row: Record<string, Value> = { id };
    this.#columns.forEach(({ name }, at) =>
      Object.defineProperty(row, name, { value: values[at], enumerable: true, configurable: true, writable: true }),
    );
    return row;
  }
}
