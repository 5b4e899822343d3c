import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom, simulatedWorld } from "../../base/index.ts";
import { field, struct } from "../../contract/index.ts";
import { copyRows } from "./copy-rows.ts";
import { Database } from "./database.ts";
import { readJsonLines } from "./json-lines.ts";

const ROWS = 500;
const ITEM_BYTES = 400_000;
const PARTS = 7;
/** Less than the rows, which come to 200 MB. */
const MEMORY_BYTES = 160 * 2 ** 20;

test("rows of 400 KB in many partitions are written with little memory", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-copy-"));
  const lines = join(folder, "lines.ndjson");
  await writeItems(lines);
  const world = simulatedWorld(1);
  const database = await Database.open({ memoryBytes: MEMORY_BYTES, threads: 1, spillFolder: folder, world });
  const session = await database.session();
  const columns = struct([field("id", "long"), field("doc", "string")]);
  const source = readJsonLines({ files: [lines], columns, lineBytes: 16 * 2 ** 20 });
  const files = await copyRows(database, session, {
    table: { name: "bronze.documents" },
    metadata: { schema: struct([...columns.fields, field("part", "long")]), partitionColumns: ["part"] },
    sql: `SELECT id, doc, id % ${PARTS} AS part FROM ${source}`,
    doing: { what: "try" },
    folder: database.newPath("write"),
  });
  const counted = new Map<string | undefined, number>();
  for (const { partitionKeys, rows } of files) {
    const key = partitionKeys.get("__k0");
    counted.set(key, (counted.get(key) ?? 0) + rows);
  }
  const expected = Array.from({ length: PARTS }, (_, part) => [`v${part}`, Math.ceil((ROWS - part) / PARTS)] as const);
  expect(counted).toEqual(new Map(expected));
  await session[Symbol.asyncDispose]();
  await database.close();
  await rm(folder, { recursive: true });
});

/** Lines that hardly compress. */
async function writeItems(file: string): Promise<void> {
  const random = seededRandom(1);
  const bytes = Buffer.from(Uint8Array.from({ length: ITEM_BYTES }, () => random() * 256)).toString("hex");
  const handle = await open(file, "w");
  for (let id = 0; id < ROWS; id += 1) {
    const start = Math.floor(random() * ITEM_BYTES);
    await handle.write(`{"id":${id},"doc":"${bytes.slice(start, start + ITEM_BYTES)}"}\n`);
  }
  await handle.close();
}
