import { availableParallelism, tmpdir, totalmem } from "node:os";
import type { World } from "../base/index.ts";
import { duckdbEngine, lazyEngine, type Engine } from "../engine/index.ts";

const MEMORY_MAX_BYTES = 4 * 1024 ** 3;

export interface TableEngineOptions {
  readonly memoryBytes?: number;
  readonly threads?: number;
  readonly spillFolder?: string;
}

/** An engine for a table that belongs to no lake; it starts at its first use. */
export function tableEngine(world: World, options: TableEngineOptions = {}): Engine {
  return lazyEngine(
    async () =>
      await duckdbEngine({
        memoryBytes: options.memoryBytes ?? Math.min(MEMORY_MAX_BYTES, Math.floor(totalmem() / 4)),
        threads: options.threads ?? availableParallelism(),
        spillFolder: options.spillFolder ?? tmpdir(),
        world,
      }),
  );
}
