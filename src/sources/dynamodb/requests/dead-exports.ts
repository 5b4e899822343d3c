import type { World } from "../../../base/index.ts";
import type { FoundExport } from "../plan/found-export.ts";
import type { ExportClient } from "./export-client.ts";

/** Of folders that have no summary, those that will never have one, and why. */
export type DeadExports = (found: readonly FoundExport[]) => Promise<ReadonlyMap<string, string>>;

/** An export takes minutes at least: who runs all the time need not look more often. */
const LOOK_MS = 30_000;

/** An export that failed looks in its folder like one under way: DynamoDB tells. */
export function deadExports(client: ExportClient, world: World): DeadExports {
  const dead = new Map<string, string>();
  const looked = new Map<string, number>();
  let tableArn: string | undefined;
  const look = async (folder: string): Promise<void> => {
    const nowMs = world.nowMs();
    if (dead.has(folder) || nowMs < (looked.get(folder) ?? -Infinity) + LOOK_MS) return;
    looked.set(folder, nowMs);
    tableArn ??= (await client.describeTable()).arn;
    const facts = await client.describe(`${tableArn}/export/${folder.slice(folder.lastIndexOf("/") + 1)}`);
    if (facts?.status === "failed") dead.set(folder, facts.failure ?? "");
  };
  return async (found) => {
    const unfinished = found.filter(({ summary, otherTable }) => summary === undefined && otherTable === undefined);
    for (const { folder } of unfinished) await look(folder);
    return new Map([...dead].filter(([folder]) => unfinished.some((one) => one.folder === folder)));
  };
}
