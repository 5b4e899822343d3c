import type { OptimizeMetrics } from "../../engine.ts";
import type { Rewritten } from "./rewrite-group.ts";

/** What it means that these take the place of theirs. */
export function metricsOf(rewritten: readonly Pick<Rewritten, "group" | "adds">[]): OptimizeMetrics {
  const groups = rewritten.map(({ group }) => group);
  const files = groups.flatMap((group) => group.files);
  const adds = rewritten.flatMap((one) => one.adds);
  return {
    filesRemoved: files.length,
    filesAdded: adds.length,
    bytesRemoved: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    bytesAdded: adds.reduce((sum, add) => sum + add.sizeBytes, 0),
    partitions: new Set(groups.map((group) => JSON.stringify(group.partitionValues))).size,
    vectorsFolded: files.filter((file) => file.deletionVector !== undefined).length,
    rowsFolded: groups.reduce((sum, group) => sum + group.deletedRows, 0),
    filesLeft: 0,
  };
}

/** Partitions count once a commit; a partition is rewritten by one of them as a rule. */
export function addMetrics(left: OptimizeMetrics, right: OptimizeMetrics): OptimizeMetrics {
  return {
    filesRemoved: left.filesRemoved + right.filesRemoved,
    filesAdded: left.filesAdded + right.filesAdded,
    bytesRemoved: left.bytesRemoved + right.bytesRemoved,
    bytesAdded: left.bytesAdded + right.bytesAdded,
    partitions: left.partitions + right.partitions,
    vectorsFolded: left.vectorsFolded + right.vectorsFolded,
    rowsFolded: left.rowsFolded + right.rowsFolded,
    filesLeft: left.filesLeft + right.filesLeft,
  };
}
