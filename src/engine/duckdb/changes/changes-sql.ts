import { SluiceError } from "../../../base/index.ts";
import {
  RowSet,
  type AddFile,
  type CommitChanges,
  type RemoveFile,
  type Snapshot,
  type TableMetadata,
} from "../../../delta/index.ts";
import type { OpenTable } from "../../engine.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import { withRowCount } from "../row-count.ts";
import { FILE_COLUMN, tableScan, type ScanAccess } from "../table-scan.ts";
import { assertSameColumns } from "./same-columns.ts";
import { CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, withChangeType } from "./change-columns.ts";
import { onlyRows } from "./only-rows.ts";
import { planChanges, type FileChange } from "./plan-changes.ts";

interface ChangesInput {
  readonly table: OpenTable;
  readonly from: number;
  readonly to: number;
}

/**
 * SQL for what became of a table's rows in the versions `from..to`, in the columns of version `to`: as commits have recorded it, else
 * from the files and deletion vectors that they added and removed.
 */
export async function changesSql(access: ScanAccess, { table, from, to }: ChangesInput): Promise<string> {
  const { metadata } = await table.log.at(to);
  if (from > to || from < 0) {
    throw new SluiceError(
      "table.version-missing",
      `Cannot read changes of table ${table.name}: ${from} to ${to} is empty`,
    );
  }
  const commits: CommitChanges[] = [];
  for await (const commit of table.log.changes(from, to)) commits.push(commit);
  await assertSameColumns(table, { from, commits, metadata });
  const plan = planChanges(commits, await removedFiles(table, commits, metadata));
  const times = await table.log.times();
  const parts = [
    await scanOf(access, table, { metadata, changes: plan.inferred }),
    await recordedScan(access, table, { metadata, changes: plan.recorded }),
  ];
  return parts.map(({ sql, versions }) => withCommits(sql, { versions, metadata, times, commits })).join(" UNION ALL ");
}

interface VersionedScan {
  /** With the place of a row's file in the list and what became of it. */
  readonly sql: string;
  readonly versions: readonly number[];
}

async function scanOf(
  access: ScanAccess,
  table: OpenTable,
  { metadata, changes }: { metadata: TableMetadata; changes: readonly FileChange[] },
): Promise<VersionedScan> {
  const files: AddFile[] = [];
  const hidden = new Map<AddFile, RowSet>();
  const kept: FileChange[] = [];
  const doing = { what: `read changes of table ${table.name}` };
  for (const change of changes) {
    const { other } = change;
    const isWhole = other === undefined && change.file.deletionVector === undefined;
    const file = isWhole
      ? change.file
      : await withRowCount(access, access.session, { table, file: change.file, doing });
    if (other === undefined) files.push({ ...file });
    else {
      const shown = await rowsBetween(access, table, { file, other });
      if (shown.size === 0) continue;
      const only = onlyRows(new Map([[file, shown]]));
      files.push(...only.files);
      for (const [one, rows] of only.hidden) hidden.set(one, rows);
    }
    kept.push(change);
  }
  const scan = await tableScan(access, { table, metadata, files, hidden, positions: "index" });
  const inserts = kept.flatMap(({ type }, index) => (type === "insert" ? [index] : []));
  const isInsert = inserts.length === 0 ? "false" : `${FILE_COLUMN} IN (${inserts.join(", ")})`;
  return {
    sql: `SELECT *, CASE WHEN ${isInsert} THEN 'insert' ELSE 'delete' END AS ${CHANGE_TYPE} FROM (${scan})`,
    versions: kept.map(({ version }) => version),
  };
}

/** The live rows of `file` that `other` has deleted. */
async function rowsBetween(
  access: ScanAccess,
  table: OpenTable,
  { file, other }: { file: AddFile; other: AddFile },
): Promise<RowSet> {
  const gone = (await access.deleted.rows(table, file)) ?? new RowSet();
  const rows = new RowSet();
  for (const row of (await access.deleted.rows(table, other)) ?? []) if (!gone.has(row)) rows.add(row);
  return rows;
}

async function recordedScan(
  access: ScanAccess,
  table: OpenTable,
  { metadata, changes }: { metadata: TableMetadata; changes: ReturnType<typeof planChanges>["recorded"] },
): Promise<VersionedScan> {
  const files = changes.map(({ file }): AddFile => ({ ...file, modificationTime: 0, dataChange: false }));
  const sql = await tableScan(access, { table, metadata: withChangeType(metadata), files, positions: "index" });
  return { sql, versions: changes.map(({ version }) => version) };
}

function withCommits(
  sql: string,
  {
    versions,
    metadata,
    times,
    commits,
  }: {
    versions: readonly number[];
    metadata: TableMetadata;
    times: ReadonlyMap<number, number>;
    commits: readonly CommitChanges[];
  },
): string {
  const own = new Map(commits.map((commit) => [commit.version, commit.commitInfo?.["inCommitTimestamp"]]));
  const rows = versions.map((version, index) => {
    const ownMs = own.get(version);
    const ms = typeof ownMs === "number" ? ownMs : (times.get(version) ?? 0);
    return `(${index}, ${version}, make_timestamptz(${BigInt(Math.floor(ms)) * 1000n}))`;
  });
  const columns = metadata.schema.fields.map((field) => `r.${quoteIdentifier(field.name)}`);
  const all = [...columns, `r.${CHANGE_TYPE}`, `c.v::BIGINT AS ${COMMIT_VERSION}`, `c.ms AS ${COMMIT_TIMESTAMP}`];
  const list = rows.length === 0 ? "(-1, -1, make_timestamptz(0))" : rows.join(", ");
  return `SELECT ${all.join(", ")} FROM (${sql}) r JOIN (VALUES ${list}) c(f, v, ms) ON r.${FILE_COLUMN} = c.f`;
}

/** What a removed file was: a remove of an old writer does not say, and the version before it does. */
async function removedFiles(
  table: OpenTable,
  commits: readonly CommitChanges[],
  metadata: TableMetadata,
): Promise<(remove: RemoveFile) => AddFile> {
  const known = new Map<RemoveFile, AddFile>();
  for (const { version, removes, changeFiles } of commits) {
    const silent = changeFiles.length > 0 ? [] : removes.filter((one) => one.dataChange && !isTold(one, metadata));
    if (silent.length === 0) continue;
    const before: Snapshot = await table.log.at(version - 1);
    for (const remove of silent) {
      const add = before.files.get(remove.path);
      if (add !== undefined) known.set(remove, add);
    }
  }
  return (remove) => known.get(remove) ?? addOf(remove, table);
}

function isTold(remove: RemoveFile, metadata: TableMetadata): boolean {
  if (remove.sizeBytes === undefined) return false;
  return metadata.partitionColumns.length === 0 || remove.partitionValues !== undefined;
}

function addOf(remove: RemoveFile, table: OpenTable): AddFile {
  const { path, partitionValues = {}, sizeBytes, deletionVector } = remove;
  if (sizeBytes === undefined) {
    throw new SluiceError(
      "table.corrupt",
      `Cannot read changes of table ${table.name}: ${quoteLiteral(path)} was never added`,
    );
  }
  return {
    path,
    partitionValues,
    sizeBytes,
    modificationTime: 0,
    dataChange: true,
    ...(deletionVector === undefined ? {} : { deletionVector }),
  };
}
