import { extname, resolve } from "node:path";
import { SluiceError } from "../../base/index.ts";
import { quoteIdentifier, type Relation } from "../../engine/index.ts";
import type { Snapshot } from "../../delta/index.ts";
import type { StructType } from "../../contract/index.ts";
import { nearest } from "../arguments/near-miss.ts";
import { isTable, printRows } from "../print-rows.ts";
import { counted, duration, perSecond, thousands } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { writeRows, type FileFormat } from "../write-rows.ts";
import { snapshotWanted, withTable, type AnyTable } from "../with-table.ts";

const SHOWN_ROWS = 50; // to a person; files and other forms get everything

/** Rows of a Delta table as they are stored, at any version: to stdout, or to a file. */
export async function read(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const output = outputOf(session);
  return await withTable(session, typed, async (table) => {
    const snapshot = await snapshotWanted(session, table);
    if (output !== undefined) {
      const relation = rowsOf(session, table, snapshot, session.flags.wholeNumber("limit"));
      return await writeFile(session, table, { ...output, relation, schema: await table.engine.schemaOf(relation) });
    }
    const limit = session.flags.wholeNumber("limit") ?? (isTable(session) ? SHOWN_ROWS : undefined);
    const relation = rowsOf(session, table, snapshot, limit);
    const schema = await table.engine.schemaOf(relation);
    const count = await printRows(session, { engine: table.engine, relation, schema });
    if (count === limit && isTable(session))
      session.say(`Shown are the first ${thousands(count)}; --limit shows more.`);
    return 0;
  });
}

function rowsOf(session: Session, table: AnyTable, snapshot: Snapshot, limit: number | undefined): Relation {
  const known = snapshot.metadata.schema.fields.map((one) => one.name);
  const columns = session.flags.list("columns")?.map((name) => columnNamed(name, known, table.name)) ?? known;
  return {
    sql: `SELECT ${columns.map((name) => quoteIdentifier(name)).join(", ")} FROM rows${limit === undefined ? "" : ` LIMIT ${limit}`}`,
    inputs: { rows: { kind: "table", table: { ...table, snapshot } } },
  };
}

function columnNamed(name: string, known: readonly string[], table: string): string {
  const found = known.find((one) => one === name) ?? known.find((one) => one.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(name, known);
  throw new SluiceError("usage.invalid", `Cannot read the column ${name}: the table has none of that name`, {
    facts: { table, columns: known.join(", ") },
    ...(near === undefined ? {} : { advice: `Did you mean ${near}?` }),
  });
}

interface Output {
  readonly file: string;
  readonly format: FileFormat;
}

function outputOf(session: Session): Output | undefined {
  const typed = session.flags.text("output");
  if (typed === undefined) return undefined;
  const format = ({ ".parquet": "parquet", ".csv": "csv", ".ndjson": "ndjson" } as const)[extname(typed).toLowerCase()];
  if (format === undefined) {
    throw new SluiceError("usage.invalid", `Cannot write ${typed}: its name tells no format`, {
      facts: { file: typed },
      advice: "End the name with .parquet, .csv or .ndjson.",
    });
  }
  return { file: resolve(session.io.folder, typed), format };
}

async function writeFile(
  session: Session,
  table: AnyTable,
  output: Output & { readonly relation: Relation; readonly schema: StructType },
): Promise<number> {
  const startedMs = session.io.world.nowMs();
  const rows = await writeRows(table.engine, output, { force: session.flags.isOn("force"), signal: session.io.signal });
  const tookMs = session.io.world.nowMs() - startedMs;
  if (session.isJson) await session.printJson("read", { file: output.file, format: output.format, rows });
  session.say(`${counted(rows, "row")} in ${output.file} · ${duration(tookMs)} · ${perSecond(rows, tookMs)}`);
  return 0;
}
