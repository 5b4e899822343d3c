import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kinesisRecord } from "../../../../../test/builders/change-record.ts";
import type { Item } from "../../../../../test/builders/dynamodb-item.ts";
import { LAYOUTS, writeParquet, type Layout } from "../../../../../test/builders/firehose-parquet.ts";
import { anyAttributes } from "../../../../../test/sources/random-records.ts";
import { realWorld, type JsonValue } from "../../../../base/index.ts";
import { duckdbEngine, type Engine } from "../../../../engine/index.ts";
import { KnownNames } from "./known-names.ts";
import { readRows } from "./read-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-firehose-rows-"));
let engine: Engine;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  const spillFolder = join(folder, "spill");
  engine = await duckdbEngine({ world: realWorld(), memoryBytes: 2 ** 28, threads: 2, spillFolder, folders: [folder] });
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  duckdb.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

/** Parquet holds UTF-8: what is none does not come to it. */
function wellFormed(value: JsonValue): unknown {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "string" ? one.toWellFormed() : one));
  return JSON.parse(text.replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, "?"));
}

/** Structs name every attribute: these items may have any. */
const ANY_ITEM = (Object.keys(LAYOUTS) as Layout[]).filter((layout) => layout !== "structs");

test("every record comes out of the engine as it went into the file, in its order", async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAttributes, { minLength: 20, maxLength: 60 }),
      fc.constantFrom(...ANY_ITEM),
      async (items, layout) => {
        files += 1;
        const local = join(folder, `${files}.local`);
        const file = join(folder, `${files}.parquet`);
        const records = items.map((attributes, index) => {
          const after = { ...(wellFormed(attributes) as Item), id: { S: `k${index}` } };
          return kinesisRecord({ id: `k${index}`, micros: 1_773_050_400_000_000 + index, after });
        });
        await writeParquet(duckdb, file, records, layout);
        const read: unknown[] = [];
        const layoutOptions = { keys: ["id"], hasExactAttributes: true, knownNames: new KnownNames(["id"]) };
        const sink = {
          record: (bytes: Uint8Array, start: number, end: number, offset: number) => {
            expect(offset).toBe(read.length);
            const { userIdentity = null, shard: _, ...record } = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as Record<string, unknown>; // prettier-ignore
            read.push({ userIdentity, ...record });
            return undefined;
          },
          refuse: (raw: Uint8Array, _: number, reason: string) => {
            throw new Error(`${reason}: ${Buffer.from(raw).toString()}`);
          },
        };
        await readRows(file, createReadStream(file), sink, { engine, layout: layoutOptions, local });
        expect(read).toEqual(records);
      },
    ),
    { numRuns: Math.min(300, Number(process.env["FC_RUNS"] ?? 10)) },
  );
});
