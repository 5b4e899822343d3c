import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { Notice } from "../../source.ts";
import type { Settled } from "./coverage.ts";
import { EXPORTS_FOLDER } from "./data-path.ts";
import { parseSummary } from "./manifests.ts";
import type { FoundExport } from "./found-export.ts";
import { readSource } from "../../input/index.ts";

export interface FoundExports {
  /** Those that need a look. */
  readonly exports: readonly FoundExport[];
  /** Ids of all export folders by the folder that holds them, also of those that need no look. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly Notice[];
  /** A summary that cannot be read: nobody knows what export it is. */
  readonly problem?: SluiceError;
}

const SUMMARY = "manifest-summary.json";
const STARTED = "_started";

/** Deep enough for any prefix; a loop of mounts must not hang the run. */
const DEPTH_MAX = 16;

/** Summaries read at a time. */
const READS_MAX = 16;

/** Looks for exports anywhere below the store's root and reads the summaries of those that are not settled. */
export async function findExports(store: ObjectStore, table: string, settled: Settled): Promise<FoundExports> {
  const tree = store.localFolder === undefined ? await listTree(store) : await walkTree(store.localFolder);
  const folders = [...tree.ids].flatMap(([parent, ids]) => unsettledIds(parent, ids, settled).map((id) => `${parent}/${id}`)); // prettier-ignore
  const exports: FoundExport[] = [];
  let problem: SluiceError | undefined;
  for (let first = 0; first < folders.length; first += READS_MAX) {
    const results = await Promise.allSettled(
      folders.slice(first, first + READS_MAX).map(async (folder) => await readExport(store, tree, { folder, table })),
    );
    for (const result of results) {
      if (result.status === "rejected") {
        if (!(result.reason instanceof SluiceError)) throw result.reason;
        problem ??= result.reason;
      } else if (result.value !== undefined) exports.push(result.value);
    }
  }
  return { exports, ids: tree.ids, skipped: tree.skipped, ...(problem === undefined ? {} : { problem }) };
}

/** What to remember once every export of some folders is settled: no later run needs to look at them. */
export function settle(
  ids: ReadonlyMap<string, readonly string[]>,
  before: Settled,
  folders: ReadonlySet<string>,
): Settled {
  // prettier-ignore
  const settled: Record<string, Record<string, string>> = {};
  for (const [parent, all] of ids) {
    const marks: Record<string, string> = {};
    for (const [bucket, members] of buckets(all)) {
      const digest = digestOf(members);
      const isSettled = before[parent]?.[bucket] === digest || members.every((id) => folders.has(`${parent}/${id}`));
      if (isSettled) marks[bucket] = digest;
    }
    if (Object.keys(marks).length > 0) settled[parent] = marks;
  }
  return settled;
}

interface Tree {
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly Notice[];
  /** Whether an export folder holds a file; undefined where that is to be asked. */
  readonly has?: (path: string) => boolean;
}

async function readExport(
  store: ObjectStore,
  tree: Tree,
  { folder, table }: { readonly folder: string; readonly table: string },
): Promise<FoundExport | undefined> {
  const path = `${folder}/${SUMMARY}`;
  const exists = async (file: string): Promise<boolean> =>
    tree.has === undefined ? (await store.stat(file)) !== undefined : tree.has(file);
  if (await exists(path)) {
    const summary = parseSummary(await readSource(store, path), path, table);
    return "otherTable" in summary ? { folder, summary: undefined, ...summary } : { folder, summary };
  }
  return (await exists(`${folder}/${STARTED}`)) ? { folder, summary: undefined } : undefined;
}

/** Folders of this machine, without a look into those that hold data. Symbolic links are not followed. */
async function walkTree(root: string): Promise<Tree> {
  const ids = new Map<string, readonly string[]>();
  const skipped: Notice[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    const folders: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory()) folders.push(entry.name);
      else if (entry.isSymbolicLink()) skipped.push({ what: below(path, entry.name), why: "a symbolic link" });
    }
    if (path === EXPORTS_FOLDER || path.endsWith(`/${EXPORTS_FOLDER}`)) {
      ids.set(path, folders.filter(isExportId).toSorted());
    } else if (depth < DEPTH_MAX) {
      for (const folder of folders) await visit(below(path, folder), depth + 1);
    }
  };
  await visit("", 0);
  return { ids, skipped };
}

async function listTree(store: ObjectStore): Promise<Tree> {
  const ids = new Map<string, string[]>();
  const files = new Set<string>();
  for await (const { path } of store.list("")) {
    const segments = path.split("/");
    const at = segments.lastIndexOf(EXPORTS_FOLDER);
    const id = segments[at + 1];
    const file = segments[at + 2];
    if (at < 0 || id === undefined || segments.length !== at + 3 || (file !== SUMMARY && file !== STARTED)) continue;
    const parent = segments.slice(0, at + 1).join("/");
    const known = ids.get(parent) ?? [];
    if (!known.includes(id)) ids.set(parent, [...known, id]);
    files.add(path);
  }
  return { ids, skipped: [], has: (path) => files.has(path) };
}

/** Incremental exports keep their data in a folder beside the exports. */
function isExportId(name: string): boolean {
  return name !== "data";
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

function unsettledIds(parent: string, ids: readonly string[], settled: Settled): readonly string[] {
  const marks = settled[parent];
  if (marks === undefined) return ids;
  return [...buckets(ids)].flatMap(([bucket, members]) => (marks[bucket] === digestOf(members) ? [] : members));
}

/** Ids begin with the time of the export in ms: five characters are some twelve days. */
function buckets(ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const buckets_ = new Map<string, string[]>();
  for (const id of ids.toSorted()) {
    const bucket = id.slice(0, 5);
    const members = buckets_.get(bucket);
    if (members === undefined) buckets_.set(bucket, [id]);
    else members.push(id);
  }
  return buckets_;
}

function digestOf(ids: readonly string[]): string {
  return createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 16);
}

function unreadable(path: string, error: unknown): SluiceError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const facts = { folder: path === "" ? "." : path };
  if (code === "ENOENT") {
    return new SluiceError("source.missing", "Cannot look for exports: the folder is not there", {
      facts,
      cause: error,
    });
  }
  const isDenied = code === "EACCES" || code === "EPERM";
  return new SluiceError(isDenied ? "source.denied" : "source.invalid", "Cannot look for exports in a folder", {
    facts,
    cause: error,
  });
}
