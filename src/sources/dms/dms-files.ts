import { isFailure } from "../../base/index.ts";
import { compareFiles } from "../input/index.ts";
import type { Channel, Source } from "../source.ts";
import type { DmsFilesNeeds, DmsFilesOptions } from "./options.ts";
import { dmsSpans, kindOfFile } from "./plan/dms-spans.ts";
import { nameInGroups } from "./plan/listed-file.ts";
import { listFiles } from "./plan/list-files.ts";
import { decodeMemory } from "./plan/memory.ts";
import { planFiles } from "./plan/plan-files.ts";
import { rebuildRecord } from "./rebuild-record.ts";

/**
 * A table of any database as AWS DMS writes it to an S3 target: files of the full load and of changes, CSV or Parquet,
 * in the table's folder, in folders by date, or in transaction files of several tables.
 */
export function dmsFiles(options: DmsFilesOptions, { store, engine, world }: DmsFilesNeeds): Source {
  const channel: Channel = {
    name: "files",
    covered: dmsSpans,
    groupOf: kindOfFile,
    plan: async ({ last, history }) => {
      const memory = last === undefined ? undefined : decodeMemory(last.end);
      const listing = await listFiles(store, options);
      const compared = await compareFiles(listing.files, { store, groups: memory?.groups, nameInGroups, history });
      return planFiles({ listing, compared, memory, nowMs: world.nowMs(), options });
    },
    stage: async (batch, known, context) => {
      const { stageBatch } = await import("./stage-batch.ts");
      return await stageBatch({ options, store, engine, batch, known, context });
    },
  };
  return {
    system: "dms",
    table: `${options.schema}.${options.table}`,
    channels: [channel],
    rebuild: (row, schema) => rebuildRecord(row, schema, options),
    locate: async (file, key) => {
      const { locateRecord } = await import("./locate-record.ts");
      try {
        return await locateRecord(store, { file, key, options });
      } catch (error) {
        if (isFailure(error, "source.missing")) return undefined;
        throw error;
      }
    },
  };
}
