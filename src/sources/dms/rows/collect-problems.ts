import { SluiceError } from "../../../base/index.ts";
import { countOf, textOf } from "../../../engine/index.ts";
import { fileBytes } from "../../input/index.ts";
import type { UnreadableLine } from "../../source.ts";
import { csvFormat } from "../csv/csv-format.ts";
import { CsvReader, rawBytes } from "../csv/csv-reader.ts";
import { readText, unreadableLine } from "../csv/stage-csv.ts";
import type { Staging, TakenFile } from "../stage-batch.ts";
import type { ChangeRows } from "./change-rows.ts";

/** Rows of one batch that are looked up one by one; more of them are a wrong setting, not damage. */
const PROBLEMS_MAX = 10_000;

/** Rows that are no events (an unknown operation, a key without a value), with their bytes and places: their files are read again. */
export async function collectProblems(
  staging: Staging,
  rows: ChangeRows,
  files: readonly TakenFile[],
): Promise<readonly UnreadableLine[]> {
  const found = await staging.engine.rows(rows.problems(PROBLEMS_MAX + 1));
  const first = found[0];
  if (first === undefined) return [];
  if (found.length > PROBLEMS_MAX) {
    throw new SluiceError("source.corrupt", "Cannot read files of AWS DMS: too many of their rows are no changes", {
      facts: { file: textOf(first, "f_path"), row: countOf(first, "e_row"), reason: textOf(first, "problem") },
      advice: "Compare the source's `keys`, `columns` and `settings` with the table and the endpoint of DMS.",
    });
  }
  const byFile = new Map<string, Map<number, string>>();
  for (const row of found) {
    const path = textOf(row, "f_path");
    const problems = byFile.get(path) ?? new Map<number, string>();
    byFile.set(path, problems.set(countOf(row, "e_row"), textOf(row, "problem")));
  }
  const lines: UnreadableLine[] = [];
  for (const file of files) {
    const problems = byFile.get(file.planned.path);
    if (problems === undefined) continue;
    lines.push(...(file.csv === undefined ? await parquetRows(staging, file, problems) : await csvRecords(staging, file, problems))); // prettier-ignore
  }
  return lines;
}

type Problems = ReadonlyMap<number, string>;

async function csvRecords(
  { options, store }: Staging,
  { planned }: TakenFile,
  problems: Problems,
): Promise<UnreadableLine[]> {
  const lines: UnreadableLine[] = [];
  const reader = new CsvReader(csvFormat(options.settings), {
    record: (record) => {
      const reason = problems.get(record.number);
      if (reason === undefined) return;
      const { line, byteOffset } = record;
      lines.push(unreadableLine(planned.path, { line, byteOffset, reason, raw: rawBytes(record) }));
    },
    broken: () => undefined,
  });
  await readText(planned.path, fileBytes(store.localFolder ?? store, planned.path), (chunk) => reader.push(chunk));
  reader.end();
  return lines;
}

/** A row of Parquet has no bytes of its own: it is kept as JSON, and its number stands for a line. */
async function parquetRows(
  { engine }: Staging,
  { planned, local }: TakenFile,
  problems: Problems,
): Promise<UnreadableLine[]> {
  const numbers = [...problems.keys()].map((number) => number - 1).join(", ");
  const rows = await engine.rows({
    sql: `SELECT __row, CAST(to_json(file) AS VARCHAR) AS raw FROM file WHERE __row IN (${numbers}) ORDER BY __row`,
    inputs: { file: { kind: "parquet", files: [local], positions: true } },
  });
  return rows.map((row) => {
    const line = countOf(row, "__row") + 1;
    const raw = Buffer.from(textOf(row, "raw"));
    return unreadableLine(planned.path, { line, byteOffset: line - 1, reason: problems.get(line) ?? "", raw });
  });
}
