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

  test("are refused to names that meet others, without case or composed otherwise, and to reserved names (A41)", async () => {
    const names = ["total", "Total", "\u00e9t\u00e9", "e\u0301te\u0301", "_op", "_KEY", "_is_deleted", "a b"];
    bench.add({ full: DAY[0], items: [item({ id: "a", ...Object.fromEntries(names.map((name) => [name, name])) })] });
    const { rows, schema } = await bench.run();
    expect(schema?.fields.slice(14).map(({ name }) => name)).toEqual(["id", "total", "\u00e9t\u00e9"]);
    const rescued = rows.map((row) => row["_rescued"]).find((text) => typeof text === "string");
    expect(Object.keys(JSON.parse(String(rescued)) as object)).toEqual([
      "Total",
      "e\u0301te\u0301",
      "_op",
      "_KEY",
      "_is_deleted",
      "a b",
    ]); // oxlint-disable-line typescript/no-base-to-string
  });

  test("may be missing for the key itself, when its name can be none", async () => {
    const source = bench.source({ keys: ["my id", "_key"] });
    const key = item({ "my id": "a", _key: 5 });
    bench.add({ full: DAY[0], items: [key] });
    bench.add({ from: DAY[0], to: DAY[1], events: [{ at: DAY[0], keys: key }] });
    const { rows, schema } = await bench.run(source);
    expect(rows.map((row) => [row["_op"], row["_key"]])).toEqual(expect.arrayContaining([["R", "S:a|N:5"], ["D", "S:a|N:5"]])); // prettier-ignore
    const deleted = rows.find((row) => row["_op"] === "D");
    expect(JSON.parse(source.rebuild(deleted ?? {}, schema ?? { type: "struct", fields: [] }))).toMatchObject({
      Keys: key,
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
