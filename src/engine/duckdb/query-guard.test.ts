import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { Database } from "./database.ts";
import { assertReadOnlyExpression, assertReadOnlyQuery } from "./query-guard.ts";
import type { Session } from "./session.ts";

const READS_FILES = [
  "select * from '/etc/passwd'",
  "select * from 'orders.parquet'",
  "from read_text('/etc/passwd')",
  "select * from t, lateral (from read_csv('/etc/passwd'))",
  "select (select content from read_blob('/etc/passwd'))",
  "select * from t where x in (select column0 from read_csv_auto('/etc/passwd'))",
  "select * from t limit (select count(*) from glob('/*'))",
  "select * from t order by (select 1 from parquet_metadata('x'))",
  "with a as (from read_json('x')) from t",
  "from t union all from read_parquet('x')",
  "select * from t pivot (count(*) for x in (1)) join read_ndjson('x') on true",
  "from sniff_csv('/etc/passwd')",
  "select list_transform([1], lambda y: (select 1 from read_text('x')))",
  "with recursive a as (select 1 as n union all select n from a join read_text('x') on true) from a",
  "describe select * from read_text('x')",
  "summarize 'x.csv'",
];
const READS_THE_CATALOG = [
  "from duckdb_tables()",
  "from duckdb_settings",
  "from information_schema.tables",
  "from pg_catalog.pg_class",
  "from sqlite_master",
  "show tables",
  "show all tables",
  "from main.t",
  "from other",
  "from __rows_1",
  "from query('select 1')",
  "from query_table('t')",
  "select current_setting('temp_directory')",
  "select getenv('HOME')",
  "from pragma_database_list()",
  "from json_execute_serialized_sql('{}')",
];
const IS_NO_SELECT = [
  "copy t to '/tmp/x'",
  "attach ':memory:' as a",
  "install httpfs",
  "load httpfs",
  "set threads = 1",
  "reset threads",
  "pragma version",
  "call pragma_version()",
  "create table x as select 1",
  "insert into t values (1)",
  "drop table t",
  "export database 'x'",
  "explain select 1",
  "checkpoint",
  "use memory",
  "select 1; select 2",
  "select 1; drop table t",
  "",
  "-- nothing",
  "select",
  "select * frm t",
];
/** A name stands for what a WITH clause defines only where that reaches. */
const LEAVES_ITS_SCOPE = [
  'with a as (from "x.csv"), "x.csv" as (select 1) from a',
  'select (with "x.csv" as (select 1) select 1 from "x.csv"), y from "x.csv"',
  '(with "x.csv" as (select 1) from "x.csv") union all from "x.csv"',
];
const FINE = [
  "from t",
  "select * from T as other, u where other.x = u.x;",
  "with a as (from t), b as materialized (from a) from b union all by name from u",
  "with recursive a as (select 1 as n union all select n + 1 from a where n < 5) from a",
  "select * from (with t as (select 1 as x) from t)",
  "values (1, 'read_text(x)')",
  "from range(3), generate_series(1, 2), unnest([1])",
  "select x, row_number() over (partition by x order by y) from t qualify row_number() over () = 1",
  "select list_transform([1], lambda v: v + 1), {a: 1}.a, columns('x.*') from t",
  "select * from t asof join u using (x) pivot (count(*) for x in (1))",
  "select extract(year from d), d at time zone 'UTC', error('no') from t",
  "describe t",
  "summarize from t",
];

describe("the query guard", () => {
  let folder: string;
  let database: Database;
  let session: Session;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-guard-"));
    database = await Database.open({ memoryBytes: 2 ** 27, threads: 1, spillFolder: folder, world: simulatedWorld(1) });
    session = await database.session();
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  test.for([
    ["select * from t where x = 1", ["t as t"]],
    [
      "select x, count(*) from T as One where one.x > 1 group by x having count(*) > 2 order by x limit 3",
      ["t as one"],
    ],
    ["with a as (from t where x = 1) select * from a, u", ["t as t"]],
    ["select (select max(y) from t where t.x = u.x) from u where x > 3", ["t as t", "u as u"]],
    ["from t where x = 1 union all from u", ["t as t"]],
    ["from t where x = 1 union all from t", []],
    ["select * from t where x in (select x from t)", []],
    ["select * from t, u where t.x = 1", []],
    ["select * from t as a(y, x) where x = 1", []],
    ["select * from t tablesample 10 percent where x = 1", []],
    ["select * from t where x = 1 using sample 5", []],
    ["select * from (select x + 1 as x from t) where x = 1", []],
  ] as const)("tells which tables are read through a predicate alone: %s", async ([sql, filters]) => {
    const checked = await assertReadOnlyQuery(session, sql, ["t", "u"]);
    expect([...checked.filters].map(([name, { alias }]) => `${name} as ${alias}`).toSorted(byText)).toEqual(filters);
  });

  test.for(FINE)("lets pass: %s", async (sql) => {
    await expect(assertReadOnlyQuery(session, sql, ["t", "u"])).resolves.toHaveProperty("tables");
  });

  test.for([...READS_FILES, ...READS_THE_CATALOG, ...IS_NO_SELECT, ...LEAVES_ITS_SCOPE])("refuses: %s", async (sql) => {
    await expect(assertReadOnlyQuery(session, sql, ["t", "u"])).rejects.toMatchObject({ code: "query.invalid" });
  });

  test.for([
    ["select 1", []],
    ["with w as (from t) select * from w", ["t", "w"]],
    ["select * from u where a in (select a from T)", ["t", "u"]],
    ["from (summarize t) union all by name (table u)", ["t", "u"]],
  ] as const)("tells which tables are read: %s", async ([sql, tables]) => {
    const checked = await assertReadOnlyQuery(session, sql, ["t", "u"]);
    expect([...checked.tables].toSorted()).toEqual(tables);
  });

  test("refuses whole trees that would exhaust the stack, and a NUL", async () => {
    const deep = `select ${"(".repeat(50_000)}1${")".repeat(50_000)}`;
    await expect(assertReadOnlyQuery(session, deep, [])).rejects.toMatchObject({ code: "query.invalid" });
    const long = `select ${Array.from({ length: 20_000 }, () => "1").join(" + ")}`;
    await expect(assertReadOnlyQuery(session, long, [])).rejects.toMatchObject({ code: "query.invalid" });
    await expect(assertReadOnlyQuery(session, "select '\0'", [])).rejects.toMatchObject({ code: "query.invalid" });
  });

  test("says where the fault is, also behind letters of several bytes", async () => {
    await expect(assertReadOnlyQuery(session, "select 'é',\n  'ü', x from nope", [])).rejects.toMatchObject({
      message: expect.stringMatching(/no table nope\n\nLINE 2: {3}'ü', x from nope\n {22}\^$/),
    });
  });

  test("judges expressions as it judges queries", async () => {
    await assertReadOnlyExpression(session, "source.a > 1 and target.b is null -- both");
    await expect(assertReadOnlyExpression(session, "a = (select 1 from\nnope)")).rejects.toMatchObject({
      message: expect.stringMatching(/\n\nLINE 2: nope\)\n {8}\^$/),
    });
    for (const sql of [
      "exists (from read_text('x'))",
      "1) from (values (1)",
      "a; drop table t",
      "(from t)",
      "1), (2",
      "",
    ]) {
      await expect(assertReadOnlyExpression(session, sql)).rejects.toMatchObject({ code: "query.invalid" });
    }
  });
});

function byText(left: string, right: string): number {
  return left < right ? -1 : 1;
}
