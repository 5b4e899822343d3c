import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bronze, defineLake, dms, s, silver, resolveLake, type DmsOptions } from "../../src/definition/index.ts";
import type { Row } from "../../src/engine/index.ts";
import { openLake, type Lake } from "../../src/lake/index.ts";
import type { RunReport } from "../../src/orchestration/index.ts";

/** A table `shop.orders` in a bucket folder, and a lake that takes it in. */
export class DmsLake implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-dms-"));
  readonly bucket = join(this.folder, "bucket");
  lake: Lake;
  /** Modification times of files, in seconds: each file is written a minute after the one before. */
  #clock = Date.parse("2026-03-01T00:00:00Z") / 1_000;

  constructor(options: Partial<DmsOptions> = {}, bronzeOptions: Partial<Parameters<typeof bronze>[1]> = {}) {
    mkdirSync(this.bucket, { recursive: true });
    this.lake = this.open(options, bronzeOptions);
  }

  open(options: Partial<DmsOptions> = {}, bronzeOptions: Partial<Parameters<typeof bronze>[1]> = {}): Lake {
    const source = dms({ folder: "./bucket", schema: "shop", table: "orders", keys: ["id"], ...options });
    const raw = bronze("orders", { source, ...bronzeOptions });
    const orders = silver("orders", {
      from: raw,
      keys: ["id"],
      columns: { id: s.string(), status: s.string(), amount: s.decimal(10, 2) },
      deletes: "hard",
    });
    const engine = { memory: "512MB", threads: 2 } as const;
    const config = defineLake({ name: "dms", storage: "./lake", engine, tables: [raw, orders] });
    return openLake(resolveLake(config, { folder: this.folder }));
  }

  /** Opens the lake anew, as another process would, perhaps with other options. */
  async reopen(options: Partial<DmsOptions>): Promise<void> {
    await this.lake[Symbol.asyncDispose]();
    this.lake = this.open(options);
  }

  /** Writes a file below the bucket folder; gzip where its name says so. */
  put(path: string, content: string | Uint8Array, { modified }: { readonly modified?: string } = {}): void {
    const file = join(this.bucket, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, path.endsWith(".gz") ? gzipSync(content) : content);
    this.#clock += 60;
    const seconds = modified === undefined ? this.#clock : Date.parse(modified) / 1_000;
    utimesSync(file, seconds, seconds);
  }

  remove(path: string): void {
    rmSync(join(this.bucket, path), { recursive: true });
  }

  async run(): Promise<RunReport> {
    return await this.lake.run();
  }

  async rows(sql: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const some of this.lake.query(sql)) rows.push(...some);
    return rows;
  }

  /** `id:status:amount` of Silver's rows in the order of their ids. */
  async silver(): Promise<readonly string[]> {
    const rows = await this.rows(`SELECT id, status, amount FROM "silver.orders" ORDER BY id`);
    return rows.map((row) => [row["id"], row["status"] ?? "", row["amount"] ?? ""].map(String).join(":"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lake[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
