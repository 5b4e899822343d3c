import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeltaTable, type RowOf } from "./delta-door.ts";

const SCHEMA = { id: "long", name: "string", size: "integer" } as const;

interface NewRow {
  readonly id: bigint | number;
  readonly name?: string | null;
  readonly size?: number;
}

let folder = "";
let tables = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-streams-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function newTable(): Promise<DeltaTable<typeof SCHEMA> & { readonly spill: string }> {
  tables += 1;
  const spill = join(folder, `spill-${tables}`);
  const table = await DeltaTable.create(join(folder, `table-${tables}`), { schema: SCHEMA, spillFolder: spill });
  return Object.assign(table, { spill });
}

/** All rows, in some order that is the same for the same ones. */
async function rowsOf(table: DeltaTable<typeof SCHEMA>): Promise<readonly object[]> {
  const key = ({ id, name, size }: RowOf<typeof SCHEMA>): string => [String(id).padStart(9), name, size].join();
  return (await table.toArray()).toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}

/** Files below a folder that belong to rows. */
async function leftIn(path: string): Promise<readonly string[]> {
  const names = await readdir(path, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet") && !name.endsWith("padding.parquet"));
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setImmediate(resolve));
    yield item;
  }
}

function unreachable(): never {
  throw new Error("the source is gone");
}

test(
  "rows one by one, in arrays or both, from a generator or a stream, are the rows of an array",
  { timeout: 600_000 },
  async () => {
    const items = fc.array(fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }), { maxLength: 12 });
    await using streamed = await newTable();
    await using given = await newTable();
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.boolean(),
        fc.constantFrom("append", "overwrite", "merge"),
        async (sizes, isAsync, verb) => {
          let id = 0;
          const row = (): NewRow => {
            id += 1;
            return id % 3 === 0 ? { id } : { id, name: id % 2 === 0 ? null : `n${id}` };
          };
          const stream = sizes.map((size) => (size === undefined ? row() : Array.from({ length: size }, row)));
          const rows = stream.flat();
          for (const [table, source] of [
            [streamed, isAsync ? later(stream) : stream.values()],
            [given, rows],
          ] as const) {
            await table.overwrite([
              { id: 1, name: "one", size: 1 },
              { id: 100, name: "kept", size: 2 },
            ]);
            if (verb !== "merge") await table[verb](source);
            else await table.merge(source, { keys: ["id"] });
          }
          expect(await rowsOf(streamed)).toEqual(await rowsOf(given));
          expect(await leftIn(streamed.spill)).toEqual([]);
        },
      ),
      { numRuns: process.env["SLUICE_NIGHTLY"] === "true" ? 300 : 6 },
    );
  },
);

test("columns that no row of a stream names stay as they are", async () => {
  await using table = await newTable();
  await table.append([{ id: 1, name: "one", size: 1 }]);
  await table.merge(later([{ id: 1, size: 2 }, [{ id: 2 }]]), { keys: ["id"] });
  expect(await rowsOf(table)).toEqual([
    { id: 1n, name: "one", size: 2 },
    { id: 2n, name: null, size: null },
  ]);
});

test("a stream that fails, or has a row that does not fit, writes nothing, leaves nothing and is ended", async () => {
  await using table = await newTable();
  await table.append([{ id: 1, name: "one", size: 1 }]);
  const { version } = table;
  const written = (await leftIn(table.path)).length;
  let isEnded = false;
  async function* broken(last: () => object): AsyncGenerator<NewRow> {
    try {
      // Enough for a file in the spill folder before it goes wrong.
      for (let id = 0; id < 130_000; id += 1) yield { id };
      yield last() as NewRow;
      yield { id: 0 };
    } finally {
      isEnded = true;
    }
  }
  const cases = [
    [unreachable, { message: "the source is gone" }],
    [() => ({ id: "x" }), { code: "table.schema-mismatch" }],
    [() => ({ id: 1, nme: "x" }), { code: "table.schema-mismatch" }],
    [() => [7], { code: "table.schema-mismatch" }],
  ] as const;
  for (const [last, error] of cases) {
    isEnded = false;
    await expect(table.append(broken(last))).rejects.toMatchObject(error);
    expect(isEnded).toBe(true);
  }
  await table.refresh();
  expect(table.version).toBe(version);
  expect(await leftIn(table.path)).toHaveLength(written);
  expect(await leftIn(table.spill)).toEqual([]);
});

test("whoever gives rows is never far ahead of what is kept", async () => {
  await using table = await newTable();
  const controller = new AbortController();
  let given = 0;
  async function* endless(): AsyncGenerator<NewRow> {
    for (;;) {
      given += 1;
      if (given === 300_000) controller.abort();
      yield { id: given };
    }
  }
  await expect(table.append(endless(), { signal: controller.signal })).rejects.toMatchObject({
    code: "run.interrupted",
  });
  expect(given).toBeLessThan(310_000);
  expect(await leftIn(table.spill)).toEqual([]);
});
