import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One export below a table's folder, as DynamoDB wrote it. */
export interface Export {
  readonly table: string;
  readonly id: string;
  /** When its period ends: exports are delivered in this order. */
  readonly end: string;
  readonly isFull: boolean;
  /** Relative to the table's folder. */
  readonly dataFiles: readonly string[];
}

interface FileEntry {
  readonly dataFileS3Key: string;
}
interface Summary {
  readonly exportTime?: string;
  readonly exportToTime?: string;
}

const OWN = "AWSDynamoDB";

/** The exports of some tables below a folder, in the order in which they are delivered. */
export function exportsBelow(folder: string, tables: readonly string[]): readonly Export[] {
  const found = tables.flatMap((table) =>
    readdirSync(join(folder, table, OWN))
      .filter((id) => id !== "data")
      .map((id) => readExport(folder, table, id)),
  );
  return found.toSorted((one, other) => (one.end < other.end ? -1 : 1));
}

function readExport(folder: string, table: string, id: string): Export {
  const own = join(folder, table, OWN, id);
  const summary = JSON.parse(readFileSync(join(own, "manifest-summary.json"), "utf8")) as Summary;
  const end = summary.exportToTime ?? summary.exportTime ?? "";
  const dataFiles = fileEntries(own).map(({ dataFileS3Key }) => dataFileS3Key.slice(dataFileS3Key.indexOf(`${OWN}/`)));
  return { table, id, end, isFull: summary.exportToTime === undefined, dataFiles };
}

/** Copies an export as DynamoDB writes one: data first, the summary last. */
export function deliver(from: string, to: string, one: Export): void {
  for (const path of one.dataFiles) copy(join(from, one.table, path), join(to, one.table, path));
  const own = join(one.table, OWN, one.id);
  for (const name of manifestNames(join(from, own))) copy(join(from, own, name), join(to, own, name));
}

/** Copies an export under another id, with data files of its own: what an export that was asked for twice looks like. */
export function deliverUnderAnotherId(from: string, to: string, one: Export): void {
  const id = `${one.id.slice(0, -8)}${md5(`${one.id} again`, "hex").slice(0, 8)}`;
  const renamed = new Map(
    one.dataFiles.map((path) => {
      const name = `${md5(path, "hex").slice(0, 26)}.json.gz`;
      return [path, join(dirname(path).replace(one.id, id), name)] as const;
    }),
  );
  for (const [path, again] of renamed) copy(join(from, one.table, path), join(to, one.table, again));
  const own = join(from, one.table, OWN, one.id);
  const target = join(to, one.table, OWN, id);
  mkdirSync(target, { recursive: true });
  const files = fileEntries(own).map((entry) => {
    const path = entry.dataFileS3Key.slice(entry.dataFileS3Key.indexOf(`${OWN}/`));
    return { ...entry, dataFileS3Key: `${one.table}/${renamed.get(path)}` };
  });
  const summary = readFileSync(join(own, "manifest-summary.json"), "utf8").replaceAll(one.id, id);
  putManifest(target, "manifest-files", files.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  putManifest(target, "manifest-summary", summary);
}

function putManifest(folder: string, name: string, body: string): void {
  writeFileSync(join(folder, `${name}.json`), body);
  writeFileSync(join(folder, `${name}.md5`), md5(body, "base64"));
}

/** `_started`, then the list of files, then the summary, which says that the export is complete. */
function manifestNames(own: string): readonly string[] {
  const inOrder = [
    "_started",
    "manifest-files.md5",
    "manifest-files.json",
    "manifest-summary.md5",
    "manifest-summary.json",
  ];
  const there = new Set(readdirSync(own));
  return inOrder.filter((name) => there.has(name));
}

function fileEntries(own: string): readonly FileEntry[] {
  const lines = readFileSync(join(own, "manifest-files.json"), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as FileEntry);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  // The shared data is read-only; a copy that nobody may remove would be a nuisance.
  writeFileSync(to, readFileSync(from));
}

function md5(body: string, encoding: "hex" | "base64"): string {
  return createHash("md5").update(body).digest(encoding);
}

/** The whole folder once more, under another prefix of the same root. */
export function deliverAllAgain(from: string, to: string, tables: readonly string[]): void {
  for (const table of tables) cpSync(join(from, table), join(to, table, "again"), { recursive: true });
}
