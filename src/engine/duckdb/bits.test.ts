import fc from "fast-check";
import { expect, test } from "vitest";
import { RowSet } from "../../delta/index.ts";
import { bitsOf } from "./bits.ts";
import { DuckDBInstance } from "./duckdb-api.ts";

test("a file's rows as a bit string: get_bit gives what the set holds, a row beyond the last is refused", async () => {
  const database = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await database.connect();
  const inFile = fc
    .integer({ min: 1, max: 300 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.array(fc.nat(rows - 1), { maxLength: 300 })));
  try {
    await fc.assert(
      fc.asyncProperty(inFile, async ([rows, on]) => {
        const set = new RowSet(on);
        const bits = bitsOf(set, rows);
        if (bits === undefined) throw new Error("the set fits");
        const prepared = await connection.prepare(
          "SELECT list(row ORDER BY row) FROM (SELECT unnest(range(?)) AS row) WHERE get_bit(?::BIT, row::INTEGER) = 1",
        );
        prepared.bindInteger(1, rows);
        prepared.bindBit(2, bits);
        const found = (await prepared.runAndReadAll()).getRowsJson()[0]?.[0] ?? [];
        expect(found).toEqual([...set].map(String));
        expect(bitsOf(new RowSet([rows]), rows)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  } finally {
    connection.closeSync();
    database.closeSync();
  }
});
