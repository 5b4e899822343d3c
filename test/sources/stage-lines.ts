import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realWorld } from "../../src/base/index.ts";
import type { StructType } from "../../src/contract/index.ts";
import { duckdbEngine, type Engine, type Row } from "../../src/engine/index.ts";
import {
  dynamodbSource,
  type ChannelPlan,
  type DynamoDbSourceOptions,
  type Source,
  type StagedBatch,
} from "../../src/sources/index.ts";
import { localStore, type ObjectStore } from "../../src/storage/index.ts";
import { writeExport, type ExportContents, type ExportOptions } from "../builders/dynamodb-export.ts";

/** What a run of the channel makes of the exports in a folder, without a lake: staged batches and their rows. */
export interface StagedRun {
  readonly plan: ChannelPlan;
  readonly batches: readonly StagedBatch[];
  /** Rows of all batches; columns that a batch does not know yet are left out. */
  readonly rows: readonly Row[];
  readonly schema: StructType | undefined;
  /** The channel's memory after the last batch. */
  readonly end: string | undefined;
}

/** A folder for exports, an engine to read what was staged, and nothing left behind. */
export class ExportBench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-exports-"));
  #engine: Engine | undefined;

  add(contents: ExportContents, options: Partial<ExportOptions> & { readonly below?: string } = {}): string {
    const { below = "", ...rest } = options;
    return writeExport(join(this.folder, below), contents, { table: "orders", ...rest }).folder;
  }

  source(options: Partial<DynamoDbSourceOptions> = {}, store?: ObjectStore): Source {
    return dynamodbSource(
      { table: "orders", keys: ["id"], requireFullExport: true, hints: [], ...options },
      { exports: store ?? localStore(this.folder, { world: realWorld() }), world: realWorld() },
    );
  }

  /** Plans and stages what is there, from where an earlier run ended. */
  async run(
    source: Source = this.source(),
    before?: { readonly end?: string | undefined; readonly schema?: StructType | undefined },
  ): Promise<StagedRun> {
    // prettier-ignore
    const [channel] = source.channels;
    if (channel === undefined) throw new Error("a source has a channel");
    const plan = await channel.plan({ last: lastBatch(before?.end) });
    const batches: StagedBatch[] = [];
    const rows: Row[] = [];
    let schema = before?.schema;
    for (const batch of plan.batches) {
      const folder = mkdtempSync(join(tmpdir(), "sluice-staged-"));
      try {
        const staged = await channel.stage(batch, schema, { world: realWorld(), folder });
        schema = staged.schema;
        batches.push(staged);
        rows.push(...(await this.rows(staged)));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
    return { plan, batches, rows, schema, end: plan.batches.at(-1)?.end ?? before?.end };
  }

  async rows(staged: StagedBatch): Promise<readonly Row[]> {
    this.#engine ??= await duckdbEngine({
      memoryBytes: 512 * 1_048_576,
      threads: 2,
      spillFolder: join(this.folder, "..", `${this.folder.split("/").at(-1)}-spill`),
      world: realWorld(),
    });
    return await this.#engine.rows(staged.relation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(`${this.folder}-spill`, { recursive: true, force: true });
  }
}

function lastBatch(end: string | undefined): Parameters<Source["channels"][number]["plan"]>[0]["last"] {
  if (end === undefined) return undefined;
  const nothing = { files: [], rows: 0, skips: [], start: "{}", run: "test", createdMs: 0, epoch: 0 };
  return { format: 1, batch: 0, table: "bronze.orders", tableId: "t", channel: "export", before: -1, end, ...nothing };
}
