import { isFailure, type FailureCode } from "../../../src/base/index.ts";
import type { ObjectInfo, ObjectStore } from "../../../src/storage/index.ts";

/** Opens a new, empty store. */
export type MakeStore = () => Promise<ObjectStore>;

export async function listOf(store: ObjectStore, prefix: string, after?: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const one of store.list(prefix, after)) found.push(one);
  return found;
}

export async function pathsOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await listOf(store, prefix, after)).map((found) => found.path);
}

export async function textOf(store: ObjectStore, path: string): Promise<string> {
  return text(await store.read(path));
}

/** The code that work fails with; anything else fails the test. */
export async function codeOf(work: Promise<unknown>): Promise<FailureCode> {
  let outcome: unknown;
  try {
    outcome = await work;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  throw new Error(`This should have failed, but gave ${String(outcome)}`);
}

/** What looking again and again gives while the work is under way, and once after it. */
export async function sampling<T>(look: () => Promise<T>, work: () => Promise<unknown>): Promise<T[]> {
  const progress = { isOver: false };
  const seen: T[] = [];
  const sampler = (async (): Promise<void> => {
    while (!progress.isOver) {
      seen.push(await look());
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  })();
  try {
    await work();
  } finally {
    progress.isOver = true;
    await sampler;
  }
  return [...seen, await look()];
}

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

export function text(content: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
}

/** The paths in the order of their UTF-8 bytes, by definition. */
export function inOrder(paths: readonly string[]): string[] {
  return paths.toSorted(bytewise);
}

export function bytewise(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
