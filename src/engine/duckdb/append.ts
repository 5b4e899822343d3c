import { READ_NOTHING } from "../../delta/index.ts";
import type { OpenTable, Relation, WriteOptions, WriteOutcome } from "../engine.ts";
import { commitLoop } from "./commit-loop.ts";
import { conformed } from "./conform.ts";
import { writeDataFiles } from "./data-files.ts";
import type { EngineParts } from "./engine-parts.ts";
import { rulesSql } from "./rules/table-rules-sql.ts";
import { filesMetrics } from "./write-metrics.ts";

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
        const sql = await conformed(session, source.sql, {
          columns: await parts.columns(session, rows, doing.what),
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
        });
        return {
          adds,
          removes: [],
          reads: READ_NOTHING,
          metrics: filesMetrics(adds, []),
        };
      },
    },
    options,
  );
}
