import type { AddFile } from "../actions.ts";
import type { Snapshot } from "../snapshot.ts";
import { cubeOf, type Clustering } from "./clustering.ts";
import { DELETED_SHARE_MAX, targetBytesOf, type OptimizeLimits } from "./plan-optimize.ts";
import { byAge, byPartition, groupOf, shareOfDeleted, type RewriteGroup } from "./rewrite-group.ts";

/** Rows sorted together at most: beyond, the sort takes a disk's worth of spill, and is lost whole when it is interrupted. */
const SORTED_BYTES_MAX = 32 * 2 ** 30;

/** How much larger a cube may be than what is sorted beside it. With 1 a table of which a little less comes each time would never be sorted anew. */
const CUBE_RATIO = 2;

interface Cube {
  readonly files: readonly AddFile[];
  readonly liveBytes: number;
}

/**
 * What clustering rewrites of each partition: the files that are not clustered yet, or have lost too many rows since; and with
 * them the clustered cubes that are at most twice as large as what is rewritten anyway. So each cube that stays is more than twice as
 * large as the next smaller one: a filter finds log2(n) of them to look into in a table of n bytes, however little more or less comes each time. And a
 * cube that is sorted anew grows by half at least: a row is sorted log1.5(n) times. Nothing new: nothing to do.
 */
export function planClustering(
  snapshot: Snapshot,
  clustering: Clustering,
  limits: OptimizeLimits = {},
): readonly RewriteGroup[] {
  const { deletedShareMax = DELETED_SHARE_MAX } = limits;
  const groups: RewriteGroup[] = [];
  for (const files of byPartition(snapshot, limits.covers)) {
    const fresh: AddFile[] = [];
    const cubes = new Map<string, AddFile[]>();
    for (const file of files) {
      const cube = shareOfDeleted(file) > deletedShareMax ? undefined : cubeOf(file, snapshot.metadata, clustering);
      if (cube === undefined) fresh.push(file);
      else cubes.set(cube, [...(cubes.get(cube) ?? []), file]);
    }
    if (fresh.length > 0) groups.push(...inBoundedGroups(withSmallerCubes(fresh, [...cubes.values()])));
  }
  return groups;
}

/** Files that a group is to be written into. */
export function filesFor(group: RewriteGroup, targetBytes: number): number {
  return Math.max(1, Math.round(liveBytesOf(group.files) / targetBytes));
}

/** The size of a group's files, all alike: none is a small rest. */
export function fileBytesFor(group: RewriteGroup, snapshot: Snapshot, limits: OptimizeLimits): number {
  const files = filesFor(group, targetBytesOf(snapshot, limits));
  return Math.max(1, Math.ceil(liveBytesOf(group.files) / files));
}

function withSmallerCubes(fresh: readonly AddFile[], cubes: readonly (readonly AddFile[])[]): readonly AddFile[] {
  const bySize = cubes
    .map((files): Cube => ({ files, liveBytes: liveBytesOf(files) }))
    .toSorted((left, right) => left.liveBytes - right.liveBytes);
  const taken = [...fresh];
  let sumBytes = liveBytesOf(fresh);
  for (const { files, liveBytes } of bySize) {
    if (liveBytes > CUBE_RATIO * sumBytes) break;
    taken.push(...files);
    sumBytes += liveBytes;
  }
  return taken;
}

function inBoundedGroups(files: readonly AddFile[]): readonly RewriteGroup[] {
  const groups: AddFile[][] = [[]];
  let sumBytes = 0;
  for (const file of files.toSorted(byAge)) {
    if (sumBytes > 0 && sumBytes + file.sizeBytes > SORTED_BYTES_MAX) {
      groups.push([]);
      sumBytes = 0;
    }
    groups.at(-1)?.push(file);
    sumBytes += file.sizeBytes;
  }
  return groups.map(groupOf);
}

function liveBytesOf(files: readonly AddFile[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes * (1 - shareOfDeleted(file)), 0);
}
