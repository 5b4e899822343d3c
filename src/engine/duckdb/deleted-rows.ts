import type { DuckDBBitValue } from "./duckdb-api.ts";
import { SluiceError } from "../../base/index.ts";
import { readDeletionVector, type AddFile, type RowSet } from "../../delta/index.ts";
import type { OpenTable } from "../engine.ts";
import { bitsOf } from "./bits.ts";
import { recordsOf } from "./file-statistics.ts";

/** Vectors kept in memory, in bytes of their bits: those of a table of half a billion rows. */
const KEPT_BYTES_MAX = 64 * 2 ** 20;

type Place = Pick<OpenTable, "name" | "store">;

/** Deletion vectors as DuckDB's bit strings. They never change under their name, so the last used ones are kept. */
export class DeletedRows {
  readonly #kept = new Map<string, DuckDBBitValue>();
  #bytes = 0;

  /** The rows of a file that its deletion vector names; none without one. */
  async rows(table: Place, file: AddFile): Promise<RowSet | undefined> {
    return file.deletionVector === undefined ? undefined : await readDeletionVector(table.store, file.deletionVector);
  }

  /** The deleted rows of a file and those that are to be hidden besides; undefined when there are none. */
  async bits(table: Place, file: AddFile, hidden?: RowSet): Promise<DuckDBBitValue | undefined> {
    const rows = recordsOf(file);
    if (hidden !== undefined) {
      const deleted = await this.rows(table, file);
      return toBits(deleted === undefined ? hidden : deleted.union(hidden), { table, file, rows });
    }
    if (file.deletionVector === undefined) return undefined;
    const key = keyOf(table, file, rows);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key); // to the end: most recently used
      this.#kept.set(key, kept);
      return kept;
    }
    const bits = toBits(await readDeletionVector(table.store, file.deletionVector), { table, file, rows });
    this.#keep(key, bits);
    return bits;
  }

  #keep(key: string, bits: DuckDBBitValue): void {
    this.#kept.set(key, bits);
    this.#bytes += bits.data.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES_MAX) return;
      this.#kept.delete(oldest);
      this.#bytes -= old.data.length;
    }
  }
}

function toBits(
  set: RowSet,
  { table, file, rows }: { table: Place; file: AddFile; rows: number | undefined },
): DuckDBBitValue {
  // Delta PROTOCOL, "Deletion Vectors": a file with one states how many rows it has.
  if (rows === undefined) throw noCount(table, file);
  return bitsOf(set, rows) ?? tooMany(table, file, rows);
}

function keyOf(table: Place, { path, deletionVector }: AddFile, rows: number | undefined): string {
  const vector = `${deletionVector?.storageType}${deletionVector?.pathOrInlineDv}@${deletionVector?.offset ?? ""}`;
  return [table.store.identity, path, vector, rows].join("\n");
}

function noCount(table: Place, file: AddFile): SluiceError {
  return new SluiceError(
    "table.corrupt",
    `Cannot read table ${table.name}: file ${file.path} has a deletion vector but no row count`,
  );
}

function tooMany(table: Place, file: AddFile, rows: number): never {
  throw new SluiceError(
    "table.corrupt",
    `Cannot read table ${table.name}: the deletion vector of ${file.path} names a row beyond its last`,
    { facts: { rows } },
  );
}
