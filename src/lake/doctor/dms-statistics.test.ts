import { expect, test } from "vitest";
import { DmsLake } from "../../../test/sources/dms-lake.ts";
import { examineLake } from "./examine-lake.ts";
import { judgeStatistics, readStatistics } from "./dms-statistics.ts";

const WISHES = { freshnessMs: 3_600_000, outageMs: 86_400_000 };

/** As `aws dms describe-table-statistics` prints it. */
function statistics(counts: object): string {
  const table = { SchemaName: "shop", TableName: "orders", TableState: "Table completed", ...counts };
  return JSON.stringify({ ReplicationTaskArn: "arn:aws:dms:…", TableStatistics: [table] });
}

test("what a task says that it delivered is compared with what Bronze has since the last load", async () => {
  await using dms = new DmsLake({
    columns: ["id", "status", "amount", "ts", "BI_id"],
    settings: { TimestampColumnName: "ts" },
    beforeImagePrefix: "BI_",
  });
  dms.put("shop/orders/LOAD00000001.csv", "1,new,1,2026-03-01 00:00:00.000000,\n2,new,2,2026-03-01 00:00:00.000000,\n");
  dms.put(
    "shop/orders/20260301-001000123.csv",
    "U,7,new,1,2026-03-01 00:09:00.000001,1\nD,2,new,2,2026-03-01 00:09:30.000000,\nI,3,new,3,2026-03-01 00:09:40.000000,\n",
  );
  await dms.run();
  const found = async (counts: object): Promise<readonly string[]> => {
    const { findings } = await examineLake(dms.lake, WISHES, { dmsStatistics: readStatistics(statistics(counts)) });
    return findings.filter(({ check }) => check === "dms").map((one) => `${one.level}: ${one.found}`);
  };
  const right = { FullLoadRows: 2, Inserts: 1, Updates: 1, Deletes: 1 };
  expect(await found(right)).toEqual([
    "ok: Bronze has what the task delivered: 2 rows of the load, 1 insert, 1 update, 1 delete",
  ]);
  expect(await found({ ...right, Inserts: 3, Deletes: 0 })).toEqual([
    "warning: the task delivered 3 inserts, Bronze has 1: files on their way, in quarantine, or lost",
    "warning: the task delivered 0 deletes, Bronze has 1: the task counts anew since it was started again, or delivered some twice",
  ]);
});

test("what DMS itself could not write is a problem", () => {
  const counts = { loaded: 1, inserts: 0, updates: 0, deletes: 0 };
  const told = readStatistics(statistics({ FullLoadRows: 1, FullLoadErrorRows: 4, TableState: "Table error" }));
  expect(judgeStatistics("bronze.orders", told[0], counts).map(({ level, found }) => `${level}: ${found}`)).toEqual([
    "problem: DMS itself could not write 4 rows of the load",
    "problem: the task says of the table: Table error",
    "ok: Bronze has what the task delivered: 1 row of the load, 0 inserts, 0 updates, 0 deletes",
  ]);
  expect(judgeStatistics("bronze.orders", undefined, counts)[0]?.level).toBe("warning");
});

test.each(["", "[]", '{"TableStatistics": 1}'])("what is no statistics is refused: %s", (text) => {
  expect(() => readStatistics(text)).toThrow(/Cannot use --dms-statistics/);
});
