import { createHash } from "node:crypto";
import type { BatchFile, BatchManifest } from "../../../contract/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { fileBytes } from "../file-bytes.ts";
import { markOf, type DeliveredFile, type Groups } from "./delivered-file.ts";
import { groupOf } from "./groups.ts";

/** What became of each listed file. */
export interface Compared<File extends DeliveredFile> {
  /** In as they are. */
  readonly taken: readonly TakenBefore<File>[];
  readonly fresh: readonly File[];
  /** In, but with other content than now. */
  readonly changed: readonly TakenBefore<File>[];
}

export interface TakenBefore<File extends DeliveredFile> {
  readonly file: File;
  /** The epoch in which it was taken in; undefined where nothing had to be looked up. */
  readonly epoch: number | undefined;
  /** Whether it has been written again since, with the same bytes or others. */
  readonly isRewritten: boolean;
}

export interface CompareNeeds {
  readonly store: ObjectStore;
  /** What is remembered. */
  readonly groups: Groups | undefined;
  /** What of a path decides in which groups its file counts; undefined for what is no data file. */
  readonly nameInGroups: (path: string) => string | undefined;
  readonly history: (() => AsyncIterable<BatchManifest>) | undefined;
}

/**
 * Tells the files that are in from those that are not. A group whose files add up to what is remembered has nothing new; of the others
 * the batches are looked at, from the newest back, until all their files are found. A file of another time with the same bytes is the same.
 */
export async function compareFiles<File extends DeliveredFile>(
  listed: readonly File[],
  needs: CompareNeeds,
): Promise<Compared<File>> {
  const groups = needs.groups ?? {};
  const sorted = sortGroups(listed, groups);
  if (sorted.unclear.size === 0) return { ...sorted, changed: [] };
  const before = await lookBack(groups, sorted.unclear, needs);
  const taken = [...sorted.taken];
  const fresh = [...sorted.fresh];
  const changed: TakenBefore<File>[] = [];
  for (const file of [...sorted.unclear.values()].flat()) {
    const found = before.get(file.path);
    if (found === undefined) fresh.push(file);
    else {
      const isRewritten = file.modifiedMs !== found.file.modifiedMs;
      const isSame = await hasBytesOf(needs.store, file, found.file);
      (isSame ? taken : changed).push({ file, epoch: found.epoch, isRewritten });
    }
  }
  return { taken, fresh, changed };
}

type FilesByGroup<File extends DeliveredFile> = ReadonlyMap<string, readonly File[]>;

/** What the memory alone tells: the files of groups that are as they were, and of those that were never there. */
function sortGroups<File extends DeliveredFile>(
  listed: readonly File[],
  groups: Groups,
): Omit<Compared<File>, "changed"> & { readonly unclear: FilesByGroup<File> } {
  const taken: TakenBefore<File>[] = [];
  const fresh: File[] = [];
  const unclear = new Map<string, readonly File[]>();
  for (const [key, files] of filesByGroup(listed, groups)) {
    const [count = 0, present = 0, sum = "0"] = groups[key] ?? [];
    if (count === 0) fresh.push(...files);
    else if (files.length !== present || sumOf(files) !== sum) unclear.set(key, files);
    else taken.push(...files.map((file) => ({ file, epoch: undefined, isRewritten: false })));
  }
  return { taken, fresh, unclear };
}

async function* noHistory(): AsyncGenerator<never> {
  // A channel that has taken in nothing.
}

function filesByGroup<File extends DeliveredFile>(files: readonly File[], groups: Groups): FilesByGroup<File> {
  const known = new Map(Object.entries(groups));
  const byGroup = new Map<string, File[]>();
  for (const file of files) {
    const key = groupOf(file.name, known);
    const members = byGroup.get(key);
    if (members === undefined) byGroup.set(key, [file]);
    else members.push(file);
  }
  return byGroup;
}

function sumOf(files: readonly DeliveredFile[]): string {
  return (files.reduce((sum, file) => sum + markOf(file), 0n) % (1n << 64n)).toString(16);
}

interface FoundBefore {
  readonly file: BatchFile;
  readonly epoch: number;
}

/** The newest delivery of each file of some groups. */
async function lookBack(
  groups: Groups,
  unclear: FilesByGroup<DeliveredFile>,
  { history = noHistory, nameInGroups }: CompareNeeds,
): Promise<ReadonlyMap<string, FoundBefore>> {
  const known = new Map(Object.entries(groups));
  const found = new Map<string, FoundBefore>();
  // Files of a narrow group belong to a wider one that has come about since: they are looked for there.
  let missing = Object.entries(groups).reduce((sum, [key, [taken]]) => sum + (unclear.has(groupOf(key, known)) ? taken : 0), 0); // prettier-ignore
  for await (const { files, epoch } of history()) {
    for (const file of files) {
      const name = nameInGroups(file.path);
      if (name === undefined || found.has(file.path) || !unclear.has(groupOf(name, known))) continue;
      found.set(file.path, { file, epoch });
      missing -= 1;
    }
    if (missing <= 0) break;
  }
  return found;
}

async function hasBytesOf(store: ObjectStore, listed: DeliveredFile, before: BatchFile): Promise<boolean> {
  if (listed.sizeBytes !== before.sizeBytes) return false;
  if (listed.modifiedMs === before.modifiedMs) return true;
  const hash = createHash("md5");
  for await (const chunk of fileBytes(store.localFolder ?? store, listed.path)) hash.update(chunk);
  return hash.digest("hex") === before.md5;
}
