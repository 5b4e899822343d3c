import { SluiceError } from "../../base/index.ts";
import { filesMatching, removeOf, type AddFile } from "../../delta/index.ts";
import type { OpenTable, OverwriteOptions, Relation, WriteOutcome } from "../engine.ts";
import { commitLoop, type PreparedWrite } from "./commit-loop.ts";
import { conformed } from "./conform.ts";
import { coverage } from "./coverage.ts";
import { writeDataFiles } from "./data-files.ts";
import type { DraftFiles } from "./draft-files.ts";
import type { EngineParts } from "./engine-parts.ts";
import { missingIdentities } from "./rules/identities.ts";
import { rulesSql } from "./rules/table-rules-sql.ts";
import { filesMetrics, rowsOfFiles } from "./write-metrics.ts";
import type { WriteTarget } from "./write-target.ts";

/** Replaces the rows of a table, or of some of its partitions. */
export async function overwrite(
  parts: EngineParts,
  table: OpenTable,
  rows: Relation,
  options: OverwriteOptions = {},
): Promise<WriteOutcome> {
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "WRITE",
      operationParameters: { mode: "Overwrite" },
      ...(options.replaceSchema === undefined ? {} : { replaceSchema: options.replaceSchema }),
      prepare: async (target, draft) => await prepare(parts, { table, rows, target, draft, options }),
    },
    options,
  );
}

async function prepare(
  parts: EngineParts,
  request: {
    table: OpenTable;
    rows: Relation;
    target: WriteTarget;
    draft: DraftFiles;
    options: OverwriteOptions;
  },
): Promise<PreparedWrite> {
  const { table, rows, target, draft, options } = request;
  const { metadata, snapshot } = target;
  const covers = coverage(table, metadata, options.partitions);
  await using session = await parts.database.session(options.signal);
  const source = await parts.source(session, rows);
  const doing = { what: `overwrite table ${table.name}`, userSql: true, linesBefore: source.linesBefore };
  const rules = rulesSql(session, { metadata, tableName: table.name, world: parts.database.world });
  const columns = await parts.columns(session, rows, doing.what);
  const identities = missingIdentities(target, columns, table.name);
  const { schema } = metadata;
  const sql = await conformed(session, source.sql, { columns, schema, tableName: table.name, doing, rules });
  const adds = await writeDataFiles(parts.database, session, {
    table,
    metadata,
    sql,
    doing,
    draft,
    clustering: target.clustering,
    storesPartitions: target.storesPartitions,
  });
  const stray = covers === undefined ? undefined : adds.find((add) => !covers(add.partitionValues));
  if (stray !== undefined) {
    throw new SluiceError(
      "table.schema-mismatch",
      `Cannot overwrite partitions of table ${table.name}: a row belongs to none of them`,
      { facts: { partition: JSON.stringify(stray.partitionValues) } },
    );
  }
  const replaced = snapshot === undefined ? [] : filesMatching(snapshot.files, { covers });
  const removes = replaced.map((file) => removeOf(file, parts.database.world.nowMs()));
  return {
    adds,
    removes,
    identities: { columns: identities, rows: rowsOfFiles(adds) },
    reads: {
      wholeTable: covers === undefined,
      files: new Set(replaced.map((file: AddFile) => file.path)),
      ...(covers === undefined ? {} : { covers }),
    },
    metrics: { ...filesMetrics(adds, removes), rowsDeleted: rowsOfFiles(replaced) },
  };
}
