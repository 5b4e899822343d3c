import { availableParallelism, tmpdir, totalmem } from "node:os";
import type { World } from "../base/index.ts";
import { duckdbEngine, lazyEngine, type Engine } from "../engine/index.ts";
import { isS3Url, s3Root } from "../storage/index.ts";

const MEMORY_MAX_BYTES = 4 * 1024 ** 3;

export interface TableEngineOptions {
  readonly memoryBytes?: number;
  readonly threads?: number;
  readonly spillFolder?: string;
  /** Of DuckDB's httpfs extension: `auto`, `install`, `off` or its file. Default: `SLUICE_HTTPFS`, else `auto`. */
  readonly httpfs?: string;
}

/** An engine for a table that belongs to no lake, with files at paths or `s3://bucket/prefix`; it starts at its first use. */
export function tableEngine(paths: readonly string[], world: World, options: TableEngineOptions = {}): Engine {
  return lazyEngine(
    async () =>
      await duckdbEngine({
        memoryBytes: options.memoryBytes ?? Math.min(MEMORY_MAX_BYTES, Math.floor(totalmem() / 4)),
        threads: options.threads ?? availableParallelism(),
        spillFolder: options.spillFolder ?? tmpdir(),
        s3Roots: paths.filter(isS3Url).map((path) => s3Root(path)),
        httpfs: options.httpfs ?? (process.env["SLUICE_HTTPFS"] || "auto"),
        world,
      }),
  );
}
