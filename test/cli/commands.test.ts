import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { runCli } from "../../src/cli/cli.ts";
import { recordedIo } from "./recorded-io.ts";
import { sluice, type Finished, type ProcessOptions } from "./sluice-process.ts";
import { BIG, HOSTILE_NAME, ORDERS, beginLastWindow, makeTeaShop, writeNextWindow } from "./tea-shop.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-commands-"));
  makeTeaShop(folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const shop = async (...words: string[]): Promise<Finished> => await sluice(words, { folder });
const shopWith = async (options: ProcessOptions, ...words: string[]): Promise<Finished> =>
  await sluice(words, { folder, ...options });

type Json = { readonly [name: string]: unknown };
type Rows = readonly Json[];
async function json(...words: string[]): Promise<Json> {
  const { stdout, stderr } = await shop(...words, "--json");
  try {
    return JSON.parse(stdout) as Json;
  } catch {
    throw new Error(`sluice ${words.join(" ")} printed no JSON:\n${stdout}\n${stderr}`);
  }
}

async function filesOf(root: string): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  const found = names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(root, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(found)).toSorted();
}

describe("before the first run", () => {
  test("plan says what would be read and built, and writes nothing", async () => {
    const { status, stdout } = await shop("plan");
    expect(status).toBe(0);
    expect(stdout).toMatch(/bronze\.orders +read +full export 2026-01-01T00:00:00Z \(2 files, 40 records, /);
    expect(stdout).toMatch(/silver\.orders +fold +this run changes bronze\.orders/);
    expect(stdout).toMatch(/gold\.daily_sales +refresh +it does not exist yet/);
    expect(await json("plan")).toMatchObject({ schema: "sluice.plan/1", exitCode: 0 });
    expect((await readdir(join(folder, "lake"), { recursive: true })).toSorted()).toEqual(["system", "system/spill"]);
  });

  test("a misspelt column is found before anything runs, in plan and in run", async () => {
    for (const command of ["plan", "run"]) {
      const wrong = await shopWith({ env: { SHOP_RULE: "amont > 0" } }, command, "--json");
      expect(wrong.status).toBe(2);
      const { error } = JSON.parse(wrong.stdout) as { error: Json };
      expect(error["code"]).toBe("config.invalid");
      const problem = { path: "tables.silver.orders.expect.positive_amount", got: expect.stringContaining("amont") };
      expect(error["problems"]).toMatchObject([problem]);
    }
  });

  test("a rule that is no condition is one mistake among all", async () => {
    const { stderr } = await shopWith({ env: { SHOP_RULE: "amount" } }, "plan");
    expect(stderr).toContain("SQL of type DECIMAL(18,2)");
  });

  test("a query and a read say that there is nothing yet", async () => {
    expect(await shop("query", "select * from silver.orders")).toMatchObject({ status: 9, stdout: "" });
    expect(await shop("read", "silver.orders")).toMatchObject({ status: 9, stdout: "" });
    expect(await json("status")).toMatchObject({ tables: [{ version: null }, { version: null }, { version: null }] });
  });
});

describe("after the first run", () => {
  test("the report says what became of each table", async () => {
    const report = await json("run");
    expect(report).toMatchObject({
      schema: "sluice.run/1",
      exitCode: 0,
      tables: [
        { table: "bronze.orders", outcome: "changed", error: null },
        { table: "silver.orders", outcome: "changed", quarantined: 1, quality: { judged: 40, passed: 39 } },
        { table: "gold.daily_sales", outcome: "changed" },
      ],
    });
  });

  test("a run with nothing new says so, changes no file, and never loads the engine", async () => {
    const before = await filesOf(join(folder, "lake"));
    // What the process has mapped when it ends.
    const probe = `process.on("exit", () => {
      const loaded = process.report.getReport().sharedObjects.filter((one) => one.includes("duckdb"));
      process.stderr.write("LOADED " + JSON.stringify(loaded));
    });`;
    const options = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(probe)}` } };
    const idle = await shopWith(options, "run");
    expect(idle).toMatchObject({ status: 0, stdout: "Nothing new: 3 tables up to date\n" });
    expect(idle.stderr).toContain("LOADED []");
    expect(await filesOf(join(folder, "lake"))).toEqual(before);
    expect((await shopWith(options, "query", "select 1 as one from silver.orders limit 1")).stderr).toContain(".node");
  });

  test("status shows versions, rows, quality and the last run", async () => {
    const status = await json("status");
    expect(status).toMatchObject({
      schema: "sluice.status/1",
      lake: "shop",
      tables: [
        { table: "bronze.orders", rows: ORDERS + 1, next: "nothing", newestChangeAt: "2026-01-01T00:00:00.000Z" },
        { table: "silver.orders", rows: ORDERS - 1, lastRun: { outcome: "changed", score: 39 / 40 } },
        { table: "gold.daily_sales", rows: 28 },
      ],
    });
    expect(status["runs"]).toHaveLength(1);
    const { stdout } = await shop("status");
    expect(stdout).toMatch(/silver\.orders +\d+ +39 .* 97\.50 % +up to date/);
  });

  test("query answers in every form", async () => {
    const sql =
      "select order_id, name, points, amount, placed_at from silver.orders where order_id in ('o-3', 'o-5') order by 1";
    const rows = JSON.parse((await shop("query", sql, "--format", "json")).stdout) as Json;
    expect(rows).toEqual([
      { order_id: "o-3", name: HOSTILE_NAME, points: 3, amount: "4.50", placed_at: "2025-12-04T10:00:00Z" },
      { order_id: "o-5", name: "customer 5", points: BIG, amount: "6.50", placed_at: "2025-12-06T10:00:00Z" },
    ]);
    const lines = (await shop("query", sql, "--format", "ndjson")).stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as Json)).toEqual(rows);
    expect((await shop("query", sql, "--format", "csv")).stdout.split("\n")[1]).toMatch(
      /^o-3,'=cmd\|.*,3,4\.50,2025-12-04/,
    );
    expect((await shop("query", sql)).stdout).toContain("=cmd|' /C calc'!A0\\u001b[2J\\u202e");
    expect(await json("query", sql)).toMatchObject({
      schema: "sluice.rows/1",
      columns: [{ name: "order_id", type: "string" }, {}, {}, {}, {}],
    });
  });

  test("query takes SQL from stdin, quoted names, and other layers", async () => {
    const stdin = `-- a report\nselect count(*) as n from "silver"."orders", "gold.daily_sales" where day = '2025-12-01';\n`;
    expect(JSON.parse((await shopWith({ stdin }, "query", "-", "--format", "json")).stdout)).toEqual([
      { n: ORDERS - 1 },
    ]);
    const runs = "select outcome, count(*) as n from system.runs group by all";
    expect((await json("query", runs))["rows"]).toEqual([{ outcome: "changed", n: 3 }]);
  });

  test.each([
    ["selec 1", 2, "query.invalid"],
    ["select nme from silver.orders", 2, "query.invalid"],
    ["select * from silver.order", 2, "query.invalid"],
    ["select 1; select 2", 2, "query.invalid"],
    ["copy (select 1) to 'x.csv'", 2, "query.invalid"],
    ["drop table silver.orders", 2, "query.invalid"],
  ])("the query %j is refused", async (sql, exitCode, code) => {
    const { status, stdout, stderr } = await shop("query", sql);
    expect([status, stdout]).toEqual([exitCode, ""]);
    expect(stderr).toContain(`✗ ${code}`);
  });

  test("read shows any Delta table by its path, without a configuration", async () => {
    const path = join(folder, "lake", "silver", "orders");
    const { status, stdout } = await sluice([
      "read",
      path,
      "--columns",
      "order_id,AMOUNT",
      "--limit",
      "2",
      "--format",
      "csv",
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^order_id,amount\no-\d+,\d+\.50\no-\d+,\d+\.50\n$/);
    const elsewhere = await sluice(["read", join(folder, "raw")]);
    expect([elsewhere.status, elsewhere.stdout]).toEqual([9, ""]);
    expect(elsewhere.stderr).toContain("✗ table.missing");
  });

  test.each(["parquet", "csv", "ndjson"])(
    "read writes a %s file once, and replaces it only by force",
    async (format) => {
      const file = join(folder, `orders.${format}`);
      expect(await json("read", "silver.orders", "--output", file)).toMatchObject({ format, rows: ORDERS - 1 });
      expect(await shop("read", "silver.orders", "-o", file)).toMatchObject({ status: 2 });
      expect(await shop("read", "silver.orders", "-o", file, "--force", "--limit", "1")).toMatchObject({ status: 0 });
      if (format !== "parquet")
        expect((await readFile(file, "utf8")).trimEnd().split("\n")).toHaveLength(format === "csv" ? 2 : 1);
      expect((await readdir(folder)).filter((name) => name.includes("unfinished"))).toEqual([]);
    },
  );

  test("inspect tells protocol, schema, files and features", async () => {
    const inspection = await json("inspect", "silver.orders");
    expect(inspection).toMatchObject({
      schema: "sluice.inspect/1",
      description: "Orders of the shop",
      rows: ORDERS - 1,
      features: expect.arrayContaining([
        { name: "deletionVectors", kind: "reader-writer", isActive: true, canRead: true, canWrite: true },
      ]),
    });
    expect(inspection["files"]).toMatchObject([{ rows: ORDERS - 1, stats: { numRecords: ORDERS - 1 } }]);
    const { stdout } = await shop("inspect", join(folder, "lake", "silver", "orders"));
    expect(stdout).toMatch(/name +string +\(personal data\)/);
  });

  test("quarantine counts and shows what was set aside", async () => {
    expect(await json("quarantine", "list")).toMatchObject({
      counts: [{ table: "silver.orders", reason: "rule:positive_amount", records: 1 }],
    });
    const shown = await json("quarantine", "show", "silver.orders", "--rule", "positive_amount");
    expect(shown["rows"]).toMatchObject([{ table_name: "silver.orders", _key: "S:o-4" }]);
    expect(JSON.stringify(shown)).toContain("-1.50");
    expect((await json("quarantine", "show", "--rule", "named"))["rows"]).toEqual([]);
    expect((await shop("quarantine", "list", "silver.ordrs")).stderr).toContain("Did you mean silver.orders?");
  });

  test("trace leads from a row to the line of the export, and to the record", async () => {
    const trace = await json("trace", "silver.orders", "o-3", "--record");
    expect(trace).toMatchObject({
      schema: "sluice.trace/1",
      table: "silver.orders",
      row: { order_id: "o-3", points: 3 },
      bronze: [
        {
          operation: "R",
          key: "S:o-3",
          line: 2,
          record: { Item: { name: { S: HOSTILE_NAME }, amount: { N: "4.50" } } },
        },
      ],
      batches: [{ table: "bronze.orders", channel: "export" }],
    });
    const { stdout } = await shop("trace", "gold.daily_sales", "2025-12-04");
    expect(stdout).toMatch(/silver\.orders +2 +S:o-3 +S:o-31/);
    expect(await shop("trace", "silver.orders", "o-999")).toMatchObject({ status: 9, stdout: "" });
  });

  describe("and the next window", () => {
    test("a quiet run takes it in without a word on stderr", async () => {
      writeNextWindow(folder);
      beginLastWindow(folder);
      expect(await json("plan")).toMatchObject({
        tables: [{ step: { kind: "read", batches: [{ records: 3 }] } }, {}, {}],
      });
      expect(await shop("run", "--quiet")).toMatchObject({ status: 0, stderr: "" });
    });

    test("what is not complete waits, and says why", async () => {
      const { status, stdout } = await shop("run");
      expect(status).toBe(0);
      expect(stdout).toMatch(/^Nothing new: 3 tables up to date\n\nWaiting\n/);
      expect(stdout).toContain("bronze.orders");
      expect((await shop("status")).stdout).toContain("Waiting");
    });

    test("history names what each commit did, newest first", async () => {
      const history = await json("history", "silver.orders");
      expect(history["commits"]).toMatchObject([
        { version: 1, commitInfo: { operation: "MERGE" } },
        { version: 0, commitInfo: {} },
      ]);
      expect((await json("history", join(folder, "lake", "silver", "orders"), "-n", "1"))["commits"]).toHaveLength(1);
      expect((await shop("history", "silver.orders")).stdout).toMatch(/^version +committed +operation/);
    });

    test("read goes back by version and by time", async () => {
      const columns = ["--columns", "order_id,status"];
      const at = async (...words: string[]): Promise<Rows> =>
        (await json("read", "silver.orders", ...columns, ...words))["rows"] as Rows;
      const old = await at("--version", "0");
      const now = await at();
      expect([old, now].map((rows) => rows.find((row) => row["order_id"] === "o-1")?.["status"])).toEqual([
        "open",
        "paid",
      ]);
      expect([old, now].map((rows) => rows.some((row) => row["order_id"] === "o-2"))).toEqual([true, false]);
      const commits = (await json("history", "silver.orders"))["commits"] as Rows;
      expect(await at("--timestamp", String(commits[1]?.["committedAt"]))).toEqual(old);
      expect(await shop("read", "silver.orders", "--version", "9")).toMatchObject({ status: 9 });
      expect(await shop("read", "silver.orders", "--version", "0", "--timestamp", "2026-01-01")).toMatchObject({
        status: 2,
      });
    });

    test("rebuild asks a person first, and takes nothing but yes for it", async () => {
      for (const [stdin, exitCode] of [
        ["n\n", 130],
        ["\n", 130],
        ["", 130],
        ["y\n", 0],
      ] as const) {
        const person = recordedIo({ isTTY: true, folder, stdin, env: { NO_COLOR: "1" }, world: realWorld() });
        expect(await runCli(["rebuild", "gold.daily_sales"], person.io)).toBe(exitCode);
        expect(person.stderr()).toContain("Compute gold.daily_sales anew?");
        expect(person.stdout()).toBe(exitCode === 0 ? "gold.daily_sales is rebuilt, version 2\n" : "");
      }
      const silent = recordedIo({ isTTY: true, folder, stdin: "n\n", world: realWorld() });
      expect(await runCli(["rebuild", "gold.daily_sales", "--yes"], silent.io)).toBe(0);
      expect(silent.stderr()).not.toContain("anew?");
    });

    test("a changed definition is refused until a rebuild, which leads to the same rows as a fresh start", async () => {
      const env = { SHOP_RULE: "amount > 2" };
      const refused = await shopWith({ env }, "run", "--json");
      expect(refused.status).toBe(3);
      expect(refused.stdout).toContain("plan.definition-changed");
      expect((await shopWith({ env }, "plan")).stderr).toContain("sluice rebuild silver.orders");
      const rebuilt = await shopWith({ env }, "rebuild", "silver.orders", "--json");
      expect(JSON.parse(rebuilt.stdout)).toMatchObject({
        schema: "sluice.rebuild/1",
        table: "silver.orders",
        version: 2,
      });
      expect((await shopWith({ env }, "run")).status).toBe(0);
      const count = await shopWith({ env }, "query", "select count(*) as n from silver.orders", "--format", "json");
      // 41 orders less the deleted one, less those of at most 2: the negative one and o-0.
      expect(JSON.parse(count.stdout)).toEqual([{ n: ORDERS - 2 }]);
      expect(await shop("rebuild", "bronze.orders")).toMatchObject({ status: 3 });
    });
  });
});
