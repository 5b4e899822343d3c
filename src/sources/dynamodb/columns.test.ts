import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { item } from "../../../test/builders/dynamodb-item.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const DAY = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"] as const;

describe("columns", () => {
  test("of a file that disagrees with an earlier one give way, whatever was scanned first", async () => {
    const lines = [
      item({ id: "a", x: 1 }),
      item({ id: "b", x: "text" }),
      item({ id: "c", x: 2 }),
      item({ id: "d", x: "more" }),
    ];
    bench.add({ full: DAY[0], items: lines }, { files: 2 });
    const { rows, schema } = await bench.run();
    expect(schema?.fields.find(({ name }) => name === "x")?.metadata).toEqual({ "sluice.dynamodb.tag": "N" });
    const byKey = Object.fromEntries(rows.map((row) => [row["_key"], [row["x"], row["_rescued"]]]));
    expect(byKey).toMatchObject({
      "S:a": ["1", null],
      "S:b": [null, '{"x":{"S":"text"}}'],
      "S:c": ["2", null],
      "S:d": [null, '{"x":{"S":"more"}}'],
    });
  });

  test("stop at the cap, over all files of a batch", async () => {
    const items = Array.from({ length: 6 }, (_, index) => item({ id: `k${index}`, [`a${index}`]: "x" }));
    bench.add({ full: DAY[0], items }, { files: 3 });
    const { rows, schema } = await bench.run(bench.source({ columnsMax: 4 }));
    expect(schema?.fields.slice(14).map(({ name }) => name)).toEqual(["id", "a0", "a3", "a1"]);
    expect(rows.filter((row) => row["_rescued"] !== null)).toHaveLength(3);
  });

  test("stay as they are and grow in later batches", async () => {
    bench.add({ full: DAY[0], items: [item({ id: "a", m: { x: 1 }, l: [{ y: "1" }] })] });
    const first = await bench.run();
    bench.add({
      from: DAY[0],
      to: DAY[1],
      events: [{ at: DAY[0], keys: item({ id: "b" }), after: item({ id: "b", new: true, m: { z: "2" }, l: [{ y: "3", w: [1] }, {}] }) }],
    }); // prettier-ignore
    const second = await bench.run(bench.source(), first);
    expect(second.rows[0]).toMatchObject({
      m: { x: null, z: "2" },
      l: [
        { y: "3", w: ["1"] },
        { y: null, w: null },
      ],
      new: true,
      _rescued: null,
    });
    const names = (schema: typeof first.schema) => schema?.fields.map(({ name }) => name);
    expect(names(second.schema)).toEqual([...(names(first.schema) ?? []), "new"]);
    expect(first.schema?.fields.slice(0, 15)).toEqual(second.schema?.fields.slice(0, 15));
  });

  test("leave alone a column that somebody else added, and refuse a hint that the table contradicts", async () => {
    bench.add({ full: DAY[0], items: [item({ id: "a", x: 1 })] });
    const { schema } = await bench.run();
    if (schema === undefined) throw new Error("no schema");
    bench.add({
      from: DAY[0],
      to: DAY[1],
      events: [{ at: DAY[0], keys: item({ id: "b" }), after: item({ id: "b", note: "n" }) }],
    });
    const foreign = { name: "note", type: "long", nullable: true, metadata: {} } as const;
    const table = { type: "struct", fields: [...schema.fields, foreign] } as const;
    const end = (await bench.run(bench.source())).plan.batches[0]?.start;
    const { rows } = await bench.run(bench.source(), { end, schema: table });
    expect(rows.find((row) => row["id"] === "b")).toMatchObject({ note: null, _rescued: '{"note":{"S":"n"}}' });
    const hinted = bench.source({ hints: [{ name: "x", type: "decimal(10,2)" }] });
    await expect(bench.run(hinted, { end, schema })).rejects.toMatchObject({ code: "plan.refused" });
  });
});
