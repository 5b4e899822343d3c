import { createHash } from "node:crypto";
import { SluiceError, parseJson, stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import { batchManifestPath, type BatchFile, type BatchManifest } from "../../contract/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** Batch manifests of one Bronze table: numbered without gaps in the order in which they were planned, never replaced. */
export interface BatchLog {
  read(batch: number): Promise<BatchManifest>;
  find(batch: number): Promise<BatchManifest | undefined>;
  /** The highest number there is; -1 for none. */
  newest(after: number): Promise<number>;
  create(manifest: BatchManifest): Promise<"created" | "exists">;
  /** What a channel has learnt since its batch of that number without taking a record in. */
  moved(channel: string, batch: number): Promise<Progress>;
  /** Remembers it. Correctness does not need it: where it is lost, a gap too many is declared at worst. */
  remember(channel: string, batch: number, end: string): Promise<void>;
}

/** `none`: it has learnt nothing, or nobody wrote it down. `damaged`: what was written down is not what is there. */
export type Progress =
  | { readonly kind: "moved"; readonly end: string }
  | { readonly kind: "none" }
  | { readonly kind: "damaged"; readonly path: string };

export function batchLog(systemStore: ObjectStore, table: string): BatchLog {
  const find = async (batch: number): Promise<BatchManifest | undefined> => {
    const path = batchManifestPath(table, batch);
    if ((await systemStore.stat(path)) === undefined) return undefined;
    return manifestOf(path, await systemStore.read(path));
  };
  return {
    find,
    read: async (batch) => {
      const manifest = await find(batch);
      if (manifest !== undefined) return manifest;
      throw new SluiceError("storage.missing", "Cannot read a batch manifest: it is not there", {
        facts: { table, batch, path: batchManifestPath(table, batch) },
      });
    },
    newest: async (after) => {
      let newest = after;
      const prefix = `batches/${table}/`;
      const start = after < 0 ? undefined : batchManifestPath(table, after);
      for await (const { path } of systemStore.list(prefix, start)) {
        const match = /\/(\d{20})\.json$/.exec(path);
        if (match !== null) newest = Math.max(newest, Number(match[1]));
      }
      return newest;
    },
    create: async (manifest) =>
      await systemStore.create(
        batchManifestPath(table, manifest.batch),
        new TextEncoder().encode(serializeManifest(manifest)),
      ),
    moved: async (channel, batch) => {
      const path = progressPath(table, channel);
      if ((await systemStore.stat(path)) === undefined) return { kind: "none" };
      return progressOf(path, await systemStore.read(path), batch);
    },
    remember: async (channel, batch, end) => {
      const text = `${stringifyJson({ format: 2, batch, end, sha256: digestOf(batch, end) })}\n`;
      await systemStore.replace(progressPath(table, channel), new TextEncoder().encode(text));
    },
  };
}

/** A position that was read wrongly would skip records without a word: whatever does not have its digest counts for nothing. */
function progressOf(path: string, bytes: Uint8Array, batch: number): Progress {
  const damaged: Progress = { kind: "damaged", path };
  let progress: { format?: unknown; batch?: unknown; end?: unknown; sha256?: unknown };
  try {
    progress = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as typeof progress;
  } catch {
    return damaged;
  }
  if (typeof progress !== "object" || progress === null) return damaged;
  if (typeof progress.batch !== "number" || typeof progress.end !== "string") return damaged;
  // The first format had no digest.
  const isWhole = progress.format === 1 || progress.sha256 === digestOf(progress.batch, progress.end);
  if (!isWhole) return damaged;
  return progress.batch === batch ? { kind: "moved", end: progress.end } : { kind: "none" };
}

function digestOf(batch: number, end: string): string {
  return createHash("sha256").update(`${batch}\n${end}`).digest("hex");
}

/** One small object a channel, replaced whenever the channel moves without rows. */
function progressPath(table: string, channel: string): string {
  return `batches/${table}/progress/${channel}.json`;
}

function serializeManifest(manifest: BatchManifest): string {
  const files = manifest.files.map((file): JsonObject => ({ ...file }));
  return `${stringifyJson({ ...manifest, files, skips: [...manifest.skips] })}\n`;
}

function parsed(path: string, bytes: Uint8Array): JsonValue {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new SluiceError("storage.missing", "Cannot read a batch manifest: it is no JSON", { facts: { path }, cause });
  }
}

function manifestOf(path: string, bytes: Uint8Array): BatchManifest {
  const manifest = parsed(path, bytes) as unknown as BatchManifest & { readonly format: number };
  if (manifest.format !== 1) {
    throw new SluiceError("table.unsupported", "Cannot read a batch manifest: it was written by a newer version", {
      facts: { path, format: manifest.format },
      advice: "Run the version of Sluice that wrote it, or a newer one.",
    });
  }
  return manifest;
}

/** Whether two batches take in the same delivery units with the same outcome. */
export function sameWork(left: BatchManifest, right: BatchManifest): boolean {
  return (
    left.tableId === right.tableId &&
    left.channel === right.channel &&
    left.before === right.before &&
    left.epoch === right.epoch &&
    left.start === right.start &&
    left.end === right.end &&
    left.rows === right.rows &&
    left.files.length === right.files.length &&
    left.files.every((file, index) => sameFile(file, right.files[index]))
  );
}

function sameFile(left: BatchFile, right: BatchFile | undefined): boolean {
  return (
    right !== undefined &&
    left.path === right.path &&
    left.md5 === right.md5 &&
    left.rows === right.rows &&
    left.quarantined === right.quarantined
  );
}
