import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { mentionedNames } from "./mentioned-names.ts";
import { tokenize, type Token } from "./tokens.ts";
import { findUnrepeatable } from "./unrepeatable.ts";

let engine: DuckDBConnection;
beforeAll(async () => {
  engine = await (await DuckDBInstance.create(":memory:")).connect();
});

function tokensOf(sql: string): readonly Token[] {
  const tokenized = tokenize(sql);
  if (tokenized.kind === "unterminated") throw new Error(`unterminated ${tokenized.what}`);
  return tokenized.tokens;
}

function refused(sql: string): readonly string[] {
  return findUnrepeatable(tokensOf(sql)).map((one) => one.what);
}

/** Types of the columns that the engine computes; undefined where it refuses the SQL. */
async function typesOf(sql: string): Promise<readonly string[] | undefined> {
  try {
    return (await engine.runAndReadAll(sql)).columnTypes().map(String);
  } catch {
    return undefined; // not SQL: nothing to compare
  }
}

describe("tokens", () => {
  test.each([
    ["a-1 --b\n+c", ["a", "-", "1", "+", "c"]],
    ["a/* x /* y */ z */b", ["a", "b"]],
    ["'it''s' \"a\"\"b\" e'\\'' E'x'", ["'it''s'", '"a""b"', "e'\\''", "E'x'"]],
    ["$$ ' $$ $t$ $$ $t$ a$b", ["$$ ' $$", "$t$ $$ $t$", "a$b"]],
    ["x::decimal(18,2)>=.5e3", ["x", ":", ":", "decimal", "(", "18", ",", "2", ")", ">", "=", ".5e3"]],
    ["1 -- to the end\r, 2", ["1", ",", "2"]],
  ])("of %s are %o", (sql, expected) => {
    expect(tokensOf(sql).map((token) => token.text)).toEqual(expected);
  });

  test.each([
    ["'abc", "string"],
    ["$x$ abc $y$", "string"],
    ['"abc', "quoted identifier"],
    ["/* /* */", "comment"],
  ])("%s is unterminated", (sql, what) => {
    expect(tokenize(sql)).toEqual({ kind: "unterminated", what });
  });

  test("are the same again when they are written with blanks between", () => {
    const pieces = fc.constantFrom(
      "a",
      '"b c"',
      "'x''y'",
      "1.5",
      "(",
      ")",
      "::",
      "->>",
      "$$q$$",
      " ",
      "\n",
      "-- c\n",
      "/* c */",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const texts = tokensOf(parts.join(" ")).map((token) => token.text);
        expect(tokensOf(texts.join(" ")).map((token) => token.text)).toEqual(texts);
      }),
    );
  });
});

describe("unrepeatable SQL", () => {
  test.each([
    ["now()", ["now()"]],
    ["NOW ( )", ["NOW()"]],
    ['"now"()', ['"now"()']],
    ["created_at < Current_Timestamp", ["Current_Timestamp"]],
    ['created_at < "current_date"', ['"current_date"']],
    ["age(birthday) > interval 18 year", ["age() with one argument"]],
    ["age(coalesce(a, b), c)", []],
    ["select * from t using sample 10%", ["sample"]],
    ["select * from t tablesample 10%", ["tablesample"]],
    ["select * from a join b using (sample)", []],
    ["t.current_date = 1 and x as current_date", []],
    ["now > 1 and today = 2", []],
    ["note = 'now()' and \"now()\" = 1 -- random()\n and true /* uuid() */", []],
    ["from read_parquet('x')", ["read_parquet()"]],
    ["from query('select ' || 'now()')", ["query()"]],
    ["unnest(range(3))", []],
    ["select * from 'orders.csv' join 'x.json' on true", ["'orders.csv'", "'x.json'"]],
    ["(select a from 'x.csv')", ["'x.csv'"]],
    ["trim(both (a) from 'x') || extract(year from '2026-01-01'::date)", []],
  ])("in %s is %o", (sql, expected) => {
    expect(refused(sql)).toEqual(expected);
  });

  test("is every function that the engine itself calls unstable", async () => {
    const rows = await engine.runAndReadAll(
      `SELECT DISTINCT function_name, len(parameters) FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')`,
    );
    const missed = rows.getRows().flatMap(([name, parameters]) => {
      const call = `${String(name)}(${Array.from({ length: Number(parameters) }, () => "x").join(", ")})`;
      return refused(call).length === 0 ? [String(name)] : [];
    });
    expect(missed).toEqual(["error"]); // fails whenever it runs
  });

  test("is every table function but those that only compute", async () => {
    const rows = await engine.runAndReadAll(
      `SELECT DISTINCT function_name FROM duckdb_functions() t WHERE function_type IN ('table', 'table_macro', 'pragma') ORDER BY ALL`,
    );
    const accepted = rows
      .getRows()
      .map(([name]) => String(name))
      .filter((name) => refused(`${name}(x)`).length === 0);
    const computing = [
      "generate_series",
      "icu_calendar_names",
      "json_each",
      "json_tree",
      "pg_timezone_names",
      "range",
      "repeat",
      "repeat_row",
      "unnest",
    ];
    expect(accepted).toEqual([...computing, "histogram"].toSorted()); // `histogram` is an aggregate, too
  });

  test("cannot hide from the check, and what hides is not run", async () => {
    const piece = fc.constantFrom(
      "'",
      "''",
      '"',
      "--",
      "\n",
      "\r",
      "/*",
      "*/",
      "$$",
      "$a$",
      "$",
      "e'",
      "E'",
      "\\",
      "\\'",
      "now()",
      " now ( ) ",
      ", ",
      " 1 ",
      " x ",
      "'a'",
      ";",
    );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 9 }), async (parts) => {
        const sql = `select 1 ${parts.join("")}`;
        const types = await typesOf(sql);
        if (types === undefined) return;
        compared += 1;
        // The only timestamps in these statements come from now(). Of several statements the last one answers.
        const runsNow = types.some((type) => type.startsWith("TIMESTAMP"));
        const tokenized = tokenize(sql);
        const isFlagged = tokenized.kind === "tokens" && findUnrepeatable(tokenized.tokens).length > 0;
        expect([tokenized.kind, isFlagged]).toEqual(["tokens", runsNow]);
      }),
      { numRuns: 4_000 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe("mentioned names", () => {
  test.each([
    ['Amount > 0 and "Cust Id" is not null', ["amount", "cust id"]],
    ["round(amount, 2) > t.segment", ["amount", "t"]],
    ["cast(x as date) = y::segment", ["x", "y"]],
    ["x > date '2026-01-01' - interval 1 segment", ["x"]],
    ["extract(day from x) = 'segment' -- segment", ["x"]],
    ["{'k': segment}.k = list[1:n]", ["segment", "list", "n"]],
  ])("of %s include the columns, and no types, units, fields or functions", (sql, expected) => {
    const keywords = new Set(["and", "is", "not", "null", "as", "date", "interval", "from"]);
    expect([...mentionedNames(tokensOf(sql))].filter((name) => !keywords.has(name))).toEqual(expected);
  });
});
