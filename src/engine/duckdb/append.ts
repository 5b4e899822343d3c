import { READ_NOTHING, identityColumns } from "../../delta/index.ts";
import type { OpenTable, Relation, WriteOptions, WriteOutcome } from "../engine.ts";
import { commitLoop } from "./commit-loop.ts";
import { conformed } from "./conform.ts";
import { writeDataFiles } from "./data-files.ts";
import type { Doing } from "./engine-failure.ts";
import type { EngineParts } from "./engine-parts.ts";
import { rulesSql } from "./rules/table-rules-sql.ts";
import { missingIdentities } from "./rules/identities.ts";
import type { Session } from "./session.ts";
import { filesMetrics, rowsOfFiles } from "./write-metrics.ts";

async function hasRows(session: Session, sql: string, doing: Doing): Promise<boolean> {
  return (await session.rows(`SELECT 1 FROM (${sql}) LIMIT 1`, doing)).length > 0;
}

export async function append(
  parts: EngineParts,
  table: OpenTable,
  rows: Relation,
  options: WriteOptions = {},
): Promise<WriteOutcome> {
  return await commitLoop(
    parts.database.world,
    table,
    {
      operation: "WRITE",
      operationParameters: { mode: "Append" },
      prepare: async (target, draft) => {
        await using session = await parts.database.session(options.signal);
        const source = await parts.source(session, rows);
        const doing = { what: `append to table ${table.name}`, userSql: true, linesBefore: source.linesBefore };
        const columns = await parts.columns(session, rows, doing.what);
        // A table may be created by rows that are none, with all of its columns.
        const isEmpty =
          target.snapshot === undefined &&
          identityColumns(target.metadata.schema).length > 0 &&
          !(await hasRows(session, source.sql, doing));
        const identities = isEmpty ? [] : missingIdentities(target, columns, table.name);
        const sql = await conformed(session, source.sql, {
          columns,
          schema: target.metadata.schema,
          tableName: table.name,
          doing,
          rules: rulesSql(session, { ...target, tableName: table.name, world: parts.database.world }),
        });
        const adds = await writeDataFiles(parts.database, session, {
          table,
          metadata: target.metadata,
          sql,
          doing,
          draft,
          clustering: target.clustering,
          storesPartitions: target.storesPartitions,
        });
        return {
          adds,
          identities: { columns: identities, rows: rowsOfFiles(adds) },
          removes: [],
          reads: READ_NOTHING,
          metrics: filesMetrics(adds, []),
        };
      },
    },
    options,
  );
}
