import { describe, expect, test } from "vitest";
import { arrayOf, field, mapOf, struct, type StructField } from "../../../src/contract/index.ts";
import type { Row, WriteOptions, WriteOutcome } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, rowsOf, sql, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("name", "string")]);
const ROWS: readonly Row[] = [
  { id: 1n, name: "one" },
  { id: 2n, name: "two" },
];

export function writing(make: MakeEngine): void {
  describe("writing", () => {
    test.for(STORE_KINDS)("columns added at any depth are null in the rows before them (%s)", async (kind) => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store(kind));
      const before = { a: 1n };
      const after = { a: 2n, b: "new" };
      await table.create({ schema: struct(nested()) }, [{ id: 1n, s: before, l: [before, null], m: [["k", before]] }]);
      const wider = struct([...nested(field("b", "string")), field("extra", "date")]);
      await lake.engine.append(
        await table.open(),
        rowsOf(wider, [{ id: 2n, s: after, l: [after], m: [["k", after]], extra: "2024-02-29" }]),
        { schema: wider },
      );
      const filled = { a: 1n, b: null };
      expect(await table.rows("select * from t order by id")).toEqual([
        { id: 1n, s: filled, l: [filled, null], m: [["k", filled]], extra: null },
        { id: 2n, s: after, l: [after], m: [["k", after]], extra: "2024-02-29" },
      ]);
      expect(await table.rows("select * from t", 0)).toEqual([
        { id: 1n, s: before, l: [before, null], m: [["k", before]] },
      ]);
    });

    test("a feature that is asked for by name is in the protocol, and no property", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const properties = { "delta.feature.rowTracking": "supported", "x.y": "z" };
      await table.create({ schema: SCHEMA, properties }, ROWS);
      const created = (await table.open()).snapshot;
      expect(created?.protocol.writerFeatures).toEqual(["domainMetadata", "rowTracking"]);
      expect(created?.metadata.configuration).not.toHaveProperty("delta.feature.rowTracking");
      expect(created?.metadata.configuration).toMatchObject({ "x.y": "z" });
      const set = async (name: string, value: string): Promise<WriteOutcome> =>
        await lake.engine.alter(await table.open(), { kind: "set-properties", properties: { [name]: value } });
      await set("delta.feature.vacuumProtocolCheck", "supported");
      const upgraded = (await table.open()).snapshot;
      expect(upgraded?.protocol).toMatchObject({ minReaderVersion: 3, readerFeatures: ["vacuumProtocolCheck"] });
      expect(upgraded?.metadata).toEqual(created?.metadata);
      await expect(set("delta.feature.vacuumProtocolCheck", "supported")).resolves.toMatchObject({ kind: "nothing" });
      for (const [name, value] of [
        ["vacuumProtocolCheck", "yes"],
        ["catalogManaged", "supported"],
        ["featureOfTomorrow", "supported"],
      ] as const) {
        await expect(set(`delta.feature.${name}`, value)).rejects.toMatchObject({ code: "table.unsupported" });
      }
    });

    test("columns are matched by name, whatever their order and case, and missing ones are null", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA }, ROWS);
      await lake.engine.append(await table.open(), sql("select 'three' as NAME, 3 as Id"));
      await lake.engine.append(await table.open(), sql("select null as name, 4 as id"));
      await lake.engine.append(await table.open(), sql("select 5::tinyint as id"));
      expect(await table.rows("select * from t where id > 2 order by id")).toEqual([
        { id: 3n, name: "three" },
        { id: 4n, name: null },
        { id: 5n, name: null },
      ]);
    });

    test.for([
      ["a column that the table has not", "select 1 as id, 2 as other", /other.*the table does not have it/],
      ["a fraction into a whole number", "select 1.5 as id", /column id/],
      ["a text into a number", "select '1' as id", /column id/],
      ["a number into a text", "select 1 as id, 2 as name", /column name/],
      ["a column that is there twice", "select 1 as id, 2 as ID", /ID/],
    ] as const)("refuses %s and leaves nothing behind", async ([, text, message]) => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA }, ROWS);
      const before = await table.files();
      await expect(lake.engine.append(await table.open(), sql(text))).rejects.toMatchObject({
        code: "table.schema-mismatch",
        message: expect.stringMatching(message),
      });
      expect(await table.files()).toEqual(before);
      expect(await table.rows("select * from t order by id")).toEqual(ROWS);
    });

    test("refuses a value that does not fit, however late it comes", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: struct([field("id", "integer")]) });
      const late = sql("select case when range = 299999 then 3000000000 else range end as id from range(300000)");
      await expect(lake.engine.append(await table.open(), late)).rejects.toMatchObject({ code: "query.invalid" });
      expect(await table.files()).toEqual([]);
      expect(await table.rows()).toEqual([]);
    });

    test("refuses a null where none may be, at any depth", async () => {
      await using lake = await lakeUnderTest(make);
      const schema = struct([
        needed("id", "long"),
        field("s", struct([needed("a", "long")])),
        field("l", { type: "array", elementType: "long", containsNull: false }),
        field("m", { type: "map", keyType: "string", valueType: "long", valueContainsNull: false }),
      ]);
      const table = lake.table(lake.store("memory"));
      const good: readonly Row[] = [
        { id: 1n, s: { a: 1n }, l: [1n], m: [["k", 1n]] },
        { id: 2n, s: null, l: [], m: null },
      ];
      await table.create({ schema }, good);
      const bad: readonly Row[] = [
        { id: null, s: null, l: null, m: null },
        { id: 3n, s: { a: null }, l: null, m: null },
        { id: 3n, s: null, l: [1n, null], m: null },
        { id: 3n, s: null, l: null, m: [["k", null]] },
      ];
      for (const row of bad) {
        await expect(table.append(schema, [row])).rejects.toMatchObject({ code: "table.schema-mismatch" });
      }
      await expect(lake.engine.append(await table.open(), sql("select [1::bigint] as l"))).rejects.toMatchObject({
        code: "table.schema-mismatch",
      });
      expect(await table.rows("select * from t order by id")).toEqual(good);
      expect(await table.files()).toHaveLength(1);
    });

    test("a partition value may be longer than a file name", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const rows = ["x", "ü/".repeat(400), null].map((name, index) => ({ id: BigInt(index), name }));
      await table.create({ schema: SCHEMA, partitionColumns: ["name"] }, rows);
      expect(await table.rows("select * from t order by id")).toEqual(rows);
      expect(await table.files()).toHaveLength(3);
    });

    test("rows of one day go to one file, whether or not the engine knows it beforehand", async () => {
      await using lake = await lakeUnderTest(make);
      const schema = struct([field("id", "long"), field("day", "date"), field("hour", "integer")]);
      const day = "case when id >= 0 then date '2024-02-29' end";
      for (const columns of [
        "date '2024-02-29' as day, null as hour",
        `${day} as day, 5 as hour`,
        "null as day, 5 as hour",
      ]) {
        const table = lake.table(lake.store("memory"));
        await table.create({ schema, partitionColumns: ["day", "hour"] });
        await lake.engine.append(await table.open(), sql(`select id, ${columns} from range(200000) r(id)`));
        const [known] = await lake.engine.rows(sql(`select ${columns} from (select 1 as id)`));
        expect(await table.rows("select day, hour, count(distinct id) as n from t group by all")).toEqual([
          { ...known, n: 200_000n },
        ]);
        expect(await table.files()).toHaveLength(1);
      }
    });

    test("nothing to write is no commit, unless there is a transaction or a change of the table to record", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const none = rowsOf(SCHEMA, []);
      expect(await table.create({ schema: SCHEMA })).toMatchObject({ kind: "committed", version: 0 });
      expect(await lake.engine.append(await table.open(), none)).toMatchObject({ kind: "nothing" });
      expect(await lake.engine.merge(await table.open(), { source: none, keys: ["id"] })).toMatchObject({
        kind: "nothing",
      });
      expect(await lake.engine.delete(await table.open(), "true")).toMatchObject({ kind: "nothing" });
      expect(await lake.engine.overwrite(await table.open(), none)).toMatchObject({ kind: "nothing" });
      const txns = [{ appId: "a", version: 7 }];
      expect(await lake.engine.append(await table.open(), none, { txns })).toMatchObject({
        kind: "committed",
        version: 1,
      });
      const describeIt = { describe: { description: "Orders.", properties: { "sluice.x": "1" } } };
      expect(await lake.engine.append(await table.open(), none, describeIt)).toMatchObject({
        kind: "committed",
        version: 2,
      });
      expect(await lake.engine.append(await table.open(), none, describeIt)).toMatchObject({ kind: "nothing" });
      expect((await table.open()).snapshot?.metadata).toMatchObject({
        description: "Orders.",
        configuration: { "sluice.x": "1" },
      });
    });

    test("a transaction is applied once, and one that is elsewhere than expected is refused without a trace", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA });
      const rows = rowsOf(SCHEMA, ROWS);
      expect(await lake.engine.append(await table.open(), rows, claim(1, -1))).toMatchObject({ kind: "committed" });
      const stale = await table.open(0);
      for (const open of [await table.open(), stale]) {
        expect(await lake.engine.append(open, rows, claim(1, -1))).toMatchObject({ kind: "already-applied" });
        expect(await lake.engine.append(open, rows, claim(1))).toMatchObject({ kind: "already-applied" });
        await expect(lake.engine.append(open, rows, claim(3, 2))).rejects.toMatchObject({ code: "table.superseded" });
      }
      expect(await table.rows("select * from t order by id")).toEqual(ROWS);
      expect(await table.files()).toHaveLength(1);
    });

    test("a table that is missing is created only on request", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await expect(table.append(SCHEMA, ROWS)).rejects.toMatchObject({ code: "table.missing" });
      await expect(table.rows()).rejects.toMatchObject({ code: "table.missing" });
      const merged = await lake.engine.merge(
        await table.open(),
        { source: rowsOf(SCHEMA, ROWS), keys: ["id"] },
        { create: { schema: SCHEMA, name: "orders" } },
      );
      expect(merged).toMatchObject({ kind: "committed", version: 0, metrics: { rowsInserted: 2 } });
      expect(await table.rows("select * from t order by id")).toEqual(ROWS);
    });

    test("an overwrite may replace the schema, and keeps to the partitions it names", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const schema = struct([field("id", "long"), field("day", "date")]);
      const days = ["2024-01-01", "2024-01-02", null];
      await table.create(
        { schema, partitionColumns: ["day"] },
        days.map((day, index) => ({ id: BigInt(index), day })),
      );
      const one = rowsOf(schema, [{ id: 10n, day: "2024-01-02" }]);
      const partitions = [{ day: "2024-01-02" }];
      await expect(
        lake.engine.overwrite(await table.open(), rowsOf(schema, [{ id: 9n, day: "2024-01-03" }]), { partitions }),
      ).rejects.toMatchObject({ code: "table.schema-mismatch" });
      expect(await lake.engine.overwrite(await table.open(), one, { partitions })).toMatchObject({
        metrics: { rowsDeleted: 1, rowsInserted: 1, filesRemoved: 1 },
      });
      expect((await table.rows("select id from t order by id")).map((row) => row["id"])).toEqual([0n, 2n, 10n]);
      const replaced = struct([field("id", "string"), field("day", "date")]);
      await lake.engine.overwrite(await table.open(), rowsOf(replaced, [{ id: "x", day: null }]), {
        replaceSchema: replaced,
      });
      expect(await table.rows()).toEqual([{ id: "x", day: null }]);
      expect((await table.rows("select count(*) as n from t", 1))[0]).toEqual({ n: 3n });
    });
  });
}

/** The same members in a struct, in a list and in a map. */
function nested(...more: readonly StructField[]): StructField[] {
  const members = struct([field("a", "long"), ...more]);
  return [field("id", "long"), field("s", members), field("l", arrayOf(members)), field("m", mapOf("string", members))];
}

function needed(name: string, type: StructField["type"]): StructField {
  return { ...field(name, type), nullable: false };
}

function claim(version: number, expected?: number): Pick<WriteOptions, "txns"> {
  return { txns: [{ appId: "orders/export", version, ...(expected === undefined ? {} : { expected }) }] };
}
