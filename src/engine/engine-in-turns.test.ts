import { expect, test } from "vitest";
import { Slots } from "../base/index.ts";
import type { Engine, Relation, Row } from "./engine.ts";
import { engineInTurns } from "./engine-in-turns.ts";

const NOTHING: Relation = { sql: "SELECT 1", inputs: {} };
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test("a query holds its slot until its last row was read, or its reader stopped; a failure gives it back", async () => {
  const slots = new Slots(1);
  const plain: Pick<Engine, "rows" | "query"> = {
    rows: async () => await Promise.reject(new Error("no such table")),
    query: async function* (): AsyncGenerator<readonly Row[]> {
      yield await Promise.resolve([{ n: 1 }]);
      yield [{ n: 2 }];
    },
  };
  const engine = engineInTurns(plain as Engine, slots);
  let others = 0;
  const other = async (): Promise<void> => await slots.run(async () => await Promise.resolve(void (others += 1)));
  const read: Row[] = [];
  for await (const rows of engine.query(NOTHING)) {
    read.push(...rows);
    void other();
    await settled();
    expect(others).toBe(0);
  }
  await settled();
  expect([read.length, others]).toEqual([2, 2]);
  for await (const _ of engine.query(NOTHING)) break;
  await other();
  await expect(engine.rows(NOTHING)).rejects.toThrow("no such table");
  await other();
  expect(others).toBe(4);
});
