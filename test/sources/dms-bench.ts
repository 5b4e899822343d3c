import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { simulatedWorld } from "../../src/base/index.ts";
import type { BatchManifest, StructType } from "../../src/contract/index.ts";
import { duckdbEngine, type Engine, type Row } from "../../src/engine/index.ts";
import { dmsFiles, type ChannelPlan, type DmsFilesOptions, type Source, type UnreadableLine } from "../../src/sources/index.ts"; // prettier-ignore
import { memoryStore } from "../../src/storage/index.ts";

export interface DmsRun {
  readonly plan: ChannelPlan;
  readonly rows: readonly Row[];
  readonly unreadable: readonly UnreadableLine[];
  readonly schema: StructType | undefined;
}

/** The channel of AWS DMS files without a lake: a bucket in memory, an engine, and the batches that were taken in. */
export class DmsBench implements AsyncDisposable {
  readonly engine: Engine;
  readonly #folder: string;

  private constructor(engine: Engine, folder: string) {
    this.engine = engine;
    this.#folder = folder;
  }

  static async open(): Promise<DmsBench> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-dms-bench-"));
    const world = simulatedWorld(1);
    const engine = await duckdbEngine({ memoryBytes: 512 * 1_048_576, threads: 2, spillFolder: join(folder, "spill"), world }); // prettier-ignore
    return new DmsBench(engine, folder);
  }

  bucket(options: Partial<DmsFilesOptions> = {}): DmsBucket {
    return new DmsBucket(this.engine, this.#folder, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export const PLAIN_SETTINGS: DmsFilesOptions["settings"] = {
  addColumnName: false,
  csvDelimiter: ",",
  csvRowDelimiter: "\n",
  csvNullValue: "NULL",
  rfc4180: true,
};

/** A bucket with the files of one table, `shop.orders`, and what a channel has taken in of it. */
export class DmsBucket {
  readonly world = simulatedWorld(1, Date.UTC(2026, 0, 1, 12));
  readonly store = memoryStore({ world: this.world });
  readonly options: DmsFilesOptions;
  readonly source: Source;
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #history: BatchManifest[] = [];
  #schema: StructType | undefined;

  constructor(engine: Engine, folder: string, { settings, ...options }: Partial<DmsFilesOptions>) {
    this.#engine = engine;
    this.#folder = folder;
    const table = { schema: "shop", table: "orders", keys: ["id"], hints: [] };
    this.options = { ...table, ...options, settings: { ...PLAIN_SETTINGS, ...settings } };
    this.source = dmsFiles(this.options, { store: this.store, engine, world: this.world });
  }

  /** Writes an object, a second after the one before; gzip where its name says so. */
  async put(path: string, content: string | Uint8Array): Promise<void> {
    await this.world.sleep(1_000);
    await this.store.replace(path, path.endsWith(".gz") ? gzipSync(content) : Buffer.from(content));
  }

  /** Takes in what is there, as a run would. */
  async run(): Promise<DmsRun> {
    const [channel] = this.source.channels;
    if (channel === undefined) throw new Error("the source has a channel");
    const history = this.#history;
    const plan = await channel.plan({
      last: history.at(-1),
      history: async function* () {
        yield* await Promise.resolve(history.toReversed());
      },
    });
    const rows: Row[] = [];
    const unreadable: UnreadableLine[] = [];
    for (const batch of plan.batches) {
      const folder = mkdtempSync(join(this.#folder, "staged-"));
      const staged = await channel.stage(batch, this.#schema, { world: this.world, folder });
      const found = await this.#engine.rows(staged.relation);
      if (found.length !== staged.rows) throw new Error(`${staged.rows} rows are told, and there are ${found.length}`);
      rows.push(...found);
      unreadable.push(...staged.unreadable);
      this.#schema = staged.schema;
      this.#history.push({
        format: 1,
        batch: history.length,
        table: "bronze.orders",
        tableId: "t",
        channel: channel.name,
        before: history.length - 1,
        epoch: batch.epoch,
        run: "test",
        createdMs: 0,
        start: batch.start,
        end: batch.end ?? "",
        files: staged.files,
        rows: staged.rows,
        skips: [],
      });
    }
    return { plan, rows, unreadable, schema: this.#schema };
  }
}

/** Rows of one sequence by their keys. */
export function bySequence(left: Row, right: Row): number {
  return placeOf(left) < placeOf(right) ? -1 : 1;
}

function placeOf(row: Row): string {
  return `${String(row["_sequence"])} ${String(row["_key"])}`;
}
