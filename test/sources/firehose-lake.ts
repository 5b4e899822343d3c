import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { simulatedWorld, type World } from "../../src/base/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  resolveLake,
  s,
  silver,
  type DynamoDbOptions,
} from "../../src/definition/index.ts";
import type { Row } from "../../src/engine/index.ts";
import { openLake, type Lake } from "../../src/lake/index.ts";
import type { RunReport } from "../../src/orchestration/index.ts";

export interface Delivery {
  /** How records are separated; back to back unless told. */
  readonly separator?: string;
  readonly isGzip?: boolean;
}

/** A place that Firehose delivers changes of the table `orders` to, and a lake that takes them in. */
export class FirehoseLake implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-firehose-"));
  readonly place = join(this.folder, "place");
  readonly world: World;
  readonly lake: Lake;

  constructor(options: Partial<DynamoDbOptions> = {}, bronzeOptions: Partial<Parameters<typeof bronze>[1]> = {}) {
    mkdirSync(this.place, { recursive: true });
    this.world = simulatedWorld(1, Date.parse("2026-03-10T00:00:00Z"));
    const source = dynamodb({ table: "orders", keys: ["id"], firehose: "./place", ...options });
    const raw = bronze("orders", { source, ...bronzeOptions });
    const orders = silver("orders", {
      from: raw,
      keys: ["id"],
      columns: { id: s.string(), total: s.decimal(38, 2) },
      deletes: "hard",
    });
    const engine = { memory: "512MB", threads: 2 } as const;
    const config = defineLake({ name: "firehose", storage: "./lake", engine, tables: [raw, orders] });
    this.lake = openLake(resolveLake(config, { folder: this.folder }), { world: this.world });
  }

  /** Delivers records as a file, now. */
  put(path: string, records: readonly (object | string)[], { separator = "", isGzip = true }: Delivery = {}): void {
    const text = records.map((record) => (typeof record === "string" ? record : JSON.stringify(record)) + separator);
    this.putBytes(path, isGzip ? gzipSync(text.join("")) : Buffer.from(text.join("")));
  }

  putBytes(path: string, bytes: Uint8Array): void {
    const file = join(this.place, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    const seconds = this.world.nowMs() / 1_000;
    utimesSync(file, seconds, seconds);
  }

  async run(): Promise<RunReport> {
    return await this.lake.run();
  }

  async rows(sql: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const batch of this.lake.query(sql)) rows.push(...batch);
    return rows;
  }

  /** The data files of the Bronze table. */
  bronzeFiles(): readonly string[] {
    const table = join(this.folder, "lake", "bronze", "orders");
    const names = readdirSync(table, { recursive: true, encoding: "utf8" });
    return names
      .filter((name) => name.endsWith(".parquet") && !name.includes("_delta_log"))
      .map((name) => join(table, name));
  }

  /** The live orders: id and total. */
  async totals(): Promise<Readonly<Record<string, string>>> {
    const rows = await this.rows("select id, total::varchar as total from silver.orders order by id");
    return Object.fromEntries(rows.map((row) => [String(row["id"]), String(row["total"])])); // oxlint-disable-line typescript/no-base-to-string
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lake[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
