import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TableCopy } from "./table-copies.ts";

/** What a reader must make of a damaged table: the rows of a version, no table, or a failure that says where and why. */
export type Outcome = { readonly version: number } | "no table" | readonly [code: string, message: RegExp];

export interface Damage {
  readonly name: string;
  /** Has checkpoints at versions 1 and 3. */
  readonly checkpoints?: true;
  readonly columnMapping?: "name" | "id";
  readonly damage: (table: TableCopy) => void;
  readonly outcome: Outcome;
}

export const WHOLE = { version: 3 } as const;
export const PROTOCOL = {
  protocol: {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ["deletionVectors"],
    writerFeatures: ["deletionVectors"],
  },
};

export const corrupt = (message: RegExp): Outcome => ["table.corrupt", message];
export const unsupported = (message: RegExp): Outcome => ["table.unsupported", message];

export function checksum(version: number): string {
  return `${String(version).padStart(20, "0")}.crc`;
}

export function checkpoint(version: number): string {
  return `${String(version).padStart(20, "0")}.checkpoint.parquet`;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

export function without(action: string): (text: string) => string {
  return (text) =>
    linesOf(text)
      .filter((line) => !line.startsWith(`{"${action}":`))
      .join("\n");
}

export function twice(action: string): (text: string) => string {
  return (text) =>
    linesOf(text)
      .flatMap((line) => (line.startsWith(`{"${action}":`) ? [line, line] : [line]))
      .join("\n");
}

export function addIn(table: TableCopy, version: number): { readonly path: string } {
  const line = linesOf(readFileSync(table.log(version), "utf8")).find((one) => one.startsWith('{"add":'));
  return (JSON.parse(line ?? "{}") as { add: { path: string } }).add;
}

export function dataFile(table: TableCopy): string {
  return join(table.path, addIn(table, 1).path);
}

export function vectorFile(table: TableCopy): string {
  const name = readdirSync(table.path).find((one) => one.startsWith("deletion_vector_"));
  return join(table.path, name ?? "");
}

export function withoutFiles(table: TableCopy, pattern: RegExp): void {
  for (const path of table.logFiles()) if (pattern.test(path)) rmSync(path);
}

export function flip(path: string, at: number): void {
  const body = readFileSync(path);
  const place = at < 0 ? body.length + at : at;
  body[place] = (body[place] ?? 0) ^ 0x10;
  writeFileSync(path, body);
}

export function withVector(table: TableCopy, change: object): void {
  table.change(2, (text) =>
    linesOf(text)
      .map((line) => {
        const action = JSON.parse(line) as { add?: { deletionVector: { offset?: number } } };
        if (action.add === undefined) return line;
        return JSON.stringify({ add: { ...action.add, deletionVector: { ...action.add.deletionVector, ...change } } });
      })
      .join("\n"),
  );
}

export function withRecords(table: TableCopy, records: string): void {
  table.change(1, (text) => text.replaceAll(/\\"numRecords\\":\d+/g, String.raw`\"numRecords\":${records}`));
}

export function withMetadata(table: TableCopy, change: object): void {
  table.change(0, (text) =>
    linesOf(text)
      .map((line) => {
        const action = JSON.parse(line) as { metaData?: object };
        return action.metaData === undefined ? line : JSON.stringify({ metaData: { ...action.metaData, ...change } });
      })
      .join("\n"),
  );
}

export function swapIds(table: TableCopy): void {
  const idKey = String.raw`\"delta.columnMapping.id\":`;
  table.change(0, (text) =>
    text
      .replace(`${idKey}1,`, `${idKey}3,`)
      .replace(new RegExp(`(amount.*?)${idKey.replaceAll("\\", "\\\\")}3,`), `$1${idKey}1,`),
  );
}
