import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lakeReader, type LakeReader } from "./lake-reader.ts";
import type { LakeFolder } from "./product.ts";

export interface OneTable {
  /** The Silver columns, as they stand in a configuration; `id` is there already. */
  readonly columns?: string;
  /** The Silver rules, as they stand in a configuration. */
  readonly expect?: string;
  /** Further Silver options, each with its comma. */
  readonly silver?: string;
  /** Further Bronze options, each with its comma. */
  readonly bronze?: string;
  /** Further options of the source, each with its comma. */
  readonly source?: string;
  /** The DynamoDB table's name. */
  readonly table?: string;
  /** Where its records come from, with its comma. */
  readonly from?: string;
  /** Key attributes of the source and key columns of Silver. */
  readonly keys?: readonly string[];
  /** A query over `${things}`. */
  readonly gold?: string;
}

/** A lake of one DynamoDB table, `things` with the key `id`, and one Silver table made from it. */
export function writeOneTableLake(folder: string, options: OneTable): LakeFolder & { exports: string; lake: string } {
  const { columns = "", expect = "", silver = "", bronze = "", source = "", keys = ["id"], gold } = options;
  const { table = "things", from = 'export: "./exports",' } = options;
  mkdirSync(folder, { recursive: true });
  const config = `
import { bronze, defineLake, dynamodb, expect, gold, s, silver, sql } from "sluice";

const raw = bronze("things", {
  source: dynamodb({ table: ${JSON.stringify(table)}, keys: ${JSON.stringify(keys)}, ${from} ${source} }),
  ${bronze}
});
const things = silver("things", {
  from: raw,
  keys: ${JSON.stringify(keys)},
  columns: { ${keys.map((key) => `${JSON.stringify(key)}: s.string(),`).join(" ")} ${columns} },
  expect: { ${expect} },
  ${silver}
});
const tables = [raw, things];
${gold === undefined ? "" : `tables.push(gold("counts", { query: sql\`${gold}\` }));`}

export default defineLake({ name: "one", storage: "./lake", engine: { memory: "512MB", threads: 2 }, tables });
`;
  writeFileSync(join(folder, "sluice.config.mjs"), config);
  return { folder, exports: join(folder, "exports"), lake: join(folder, "lake") };
}

export interface OneTableLakes extends AsyncDisposable {
  readonly reader: LakeReader;
  /** A lake in a folder of its own. */
  newLake(options: OneTable): ReturnType<typeof writeOneTableLake>;
}

/** As many lakes as a test wants, and one reader for them all. */
export async function oneTableLakes(): Promise<OneTableLakes> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-one-table-"));
  const reader = await lakeReader();
  let lakes = 0;
  return {
    reader,
    newLake: (options) => {
      lakes += 1;
      return writeOneTableLake(join(folder, String(lakes)), options);
    },
    [Symbol.asyncDispose]: async () => {
      await reader[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
