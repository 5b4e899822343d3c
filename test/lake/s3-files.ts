import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFailure, realWorld, type SluiceError } from "../../src/base/index.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { s3Store } from "../../src/storage/index.ts";
import { startFaultProxy, type FaultProxy } from "../services/fault-proxy.ts";
import { httpfsFile } from "../services/parts.ts";
import type { S3Server } from "../services/s3-servers.ts";

/** How a table's files are read; the rest of the product must not be able to tell. */
export const WAYS = { httpfs: httpfsFile(), copies: "off" } as const;

/** A table in a store, whose files are larger than what is copied anyway, behind a proxy that counts. */
export interface TableInS3 extends AsyncDisposable {
  readonly server: S3Server;
  readonly proxy: FaultProxy;
  /** On this machine, for the engine. */
  readonly folder: string;
  readonly path: string;
  open(httpfs: string): Promise<DeltaTable>;
}

const ROWS = 80_000;

export async function makeTable(start: () => Promise<S3Server>): Promise<TableInS3> {
  const server = await start();
  const proxy = await startFaultProxy(server.port);
  const folder = await mkdtemp(join(tmpdir(), "sluice-s3-reading-"));
  const path = `s3://${server.bucket}/day=1/a b+c@,/${randomUUID()}`;
  await using table = await DeltaTable.create(path, {
    schema: { id: "long", part: "string", note: "string" },
    partitionColumns: ["part"],
    s3: { endpoint: server.endpoint },
  });
  const hashes = Array.from({ length: 3 }, (_, nth) => `md5(concat(${nth}, range))`).join(" || ");
  const sql = `SELECT range AS id, 'p ' || (range % 2) AS part, ${hashes} AS note FROM range(${ROWS})`;
  await table.append({ sql, inputs: {} });
  await table.delete(`id % 1000 = 7`);
  return {
    server,
    proxy,
    folder,
    path,
    open: async (httpfs) =>
      await DeltaTable.open(path, { s3: { endpoint: proxy.endpoint }, httpfs, spillFolder: folder }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function rowsOf(table: DeltaTable, sql: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of table.query(sql)) rows.push(...batch);
  return rows;
}

export async function anyFileOf(url: string, endpoint: string): Promise<Uint8Array> {
  const store = s3Store({ url, endpoint }, { world: realWorld() });
  for await (const { path } of store.list("")) if (path.endsWith(".parquet")) return await store.read(path);
  throw new Error("The table has files");
}

export async function failureOf(work: Promise<unknown>): Promise<SluiceError> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

export function everyWord(failure: SluiceError): string {
  const words: string[] = [];
  for (let at: unknown = failure; at instanceof Error; at = at.cause) {
    words.push(at.message, at.stack ?? "", isFailure(at) ? JSON.stringify(at.facts) : "");
  }
  return words.join("\n");
}
