import { SluiceError, must } from "../../../base/index.ts";
import type { OpenTable } from "../../engine.ts";
import type { EngineParts } from "../engine-parts.ts";
import { tableScan } from "../table-scan.ts";
import type { WriteTarget } from "../write-target.ts";
import { rulesSql } from "./table-rules-sql.ts";

/** Refuses a new rule that rows of the table break already. */
export async function assertKeptByRows(
  parts: EngineParts,
  request: { table: OpenTable; target: WriteTarget; name: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { table, target, name } = request;
  const { metadata } = target;
  await using session = await parts.database.session(request.signal);
  const rules = must(
    rulesSql(session, { metadata, tableName: table.name, world: parts.database.world }),
    "a table that gets a rule has one",
  );
  const files = [...(target.snapshot?.files.values() ?? [])];
  const scan = await tableScan(parts.access(session), { table, metadata, files });
  const broken = await rules.broken(scan);
  const [row] = await session.rows(`SELECT count(*) FROM (${broken})`, {
    what: `check the rows of table ${table.name}`,
  });
  const count = Number(row?.[0] ?? 0);
  if (count === 0) return;
  throw new SluiceError(
    "table.schema-mismatch",
    `Cannot add constraint ${name} to table ${table.name}: ${count} of its rows break it`,
    { facts: { rows: count }, advice: "Correct or delete these rows first." },
  );
}
