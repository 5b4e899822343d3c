import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFailure, realWorld, type SluiceError } from "../src/base/index.ts";
import {
  openLog,
  readDeletionVector,
  RowSet,
  serializeSchema,
  type CheckpointFiles,
  type Snapshot,
} from "../src/delta/index.ts";
import { decodeVector } from "../src/delta/vectors/vector-format.ts";
import { variantJson } from "../src/engine/duckdb/variant/variant-json.ts";
import { duckdbEngine, type Engine } from "../src/engine/index.ts";
import { localStore } from "../src/storage/index.ts";
import { canonicalRows, type DeltaStruct } from "./services/canonical-rows.ts";

const ARCHIVE = join(import.meta.dirname, "../../shared/conformance/delta-open.tar.gz");
const isHere = existsSync(ARCHIVE);
if (!isHere) console.warn("SKIPPED: tables of other engines (../shared/conformance/delta-open.tar.gz is not there)");

/** What delta-rs says of a table. */
interface Oracle {
  readonly table: string;
  readonly openError?: string;
  readonly version: number;
  readonly protocol: {
    minReaderVersion: number;
    minWriterVersion: number;
    readerFeatures: string[];
    writerFeatures: string[];
  };
  readonly partitionColumns: string[];
  readonly schema: unknown;
  readonly numFiles: number;
  readonly readError?: string;
  readonly rowCount: number;
  readonly rows?: readonly unknown[];
  readonly rowsSha256: string;
  readonly configuration: Record<string, string>;
}

/** Larger ones say nothing new and take their time. */
const ROWS_MAX = 100_000;

const ORACLE = "_oracle-delta-rs-1.6.6";

/** Features that we refuse by name, and two protocols that nobody should accept. */
const NOT_READ_YET = /variantShredding|catalogManaged|geospatial|blahabl/;

test.runIf(process.env["CI"] === "true")("the tables of other engines are there", () => {
  expect(isHere).toBe(true);
});

describe.runIf(isHere)("a table that another engine wrote", () => {
  let folder = "";
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-conformance-"));
    execFileSync("tar", ["xzf", ARCHIVE, "-C", folder]);
    const spillFolder = mkdtempSync(join(folder, "spill-"));
    engine = await duckdbEngine({
      world: realWorld(),
      memoryBytes: 2 ** 29,
      threads: 2,
      spillFolder,
      folders: [folder],
    });
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is read to what delta-rs says of it, or refused by the name of a feature", async () => {
    const verdicts = new Map<string, string>();
    for (const { file, oracle, table } of oracles(folder)) {
      verdicts.set(file, await verdictOn(table, oracle, engine.checkpoints));
    }
    const equal = [...verdicts.values()].filter((verdict) => verdict === "equal");
    const refused = [...verdicts.values()].filter((verdict) => NOT_READ_YET.test(verdict));
    const others = [...verdicts].filter(([, verdict]) => verdict !== "equal" && !NOT_READ_YET.test(verdict));
    expect(Object.fromEntries(others)).toEqual({
      // No log at all, in both eyes.
      "kernel-rs-data/crc-malformed.json": "no table",
      // Its compactions are the commits one after the other, which says nothing of what came last: the commits are read.
      "kernel-rs-data/compacted-log-files-table.json": expect.stringMatching(/compacted\.json: two add actions of/),
      // The vectors of these two are not in the archive.
      "delta-spark-resources/table-with-dv-gigantic.json": expect.stringContaining("it is missing"),
      "delta-spark-resources/table-with-dv-special-char.json": expect.stringContaining("outside of the table's folder"),
    });
    expect(equal.length).toBeGreaterThan(95);
    expect(refused.length).toBeLessThan(30);
  });

  test("gives the rows that delta-rs finds in it", async () => {
    const differences: string[] = [];
    let equal = 0;
    for (const { file, oracle, table } of oracles(folder)) {
      if (oracle.openError !== undefined || oracle.readError !== undefined || oracle.rowCount > ROWS_MAX) continue;
      const store = localStore(table);
      const log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
      const snapshot = await log.latest().catch((error: unknown) => {
        if (isFailure(error, "table.unsupported")) return undefined;
        throw error;
      });
      if (snapshot === undefined) continue;
      const input = { kind: "table", table: { name: file, store, log, snapshot } } as const;
      const rows = await engine.rows({ sql: "SELECT * FROM t", inputs: { t: input } });
      const found = canonicalRows(shownSchema(snapshot.metadata.schemaString), rows);
      const hash = expectedHash(oracle, snapshot.metadata.schemaString);
      if (hash === undefined ? found.count === oracle.rowCount : found.sha256 === hash) equal += 1;
      else differences.push(file);
    }
    // Its timestamps of the year 9999 are too large for the nanoseconds that delta-rs reads them with.
    expect(differences).toEqual(["delta-rs-data/table_with_edge_timestamps.json"]);
    expect(equal).toBeGreaterThan(90);
  });

  test("has bitmaps that are read as their makers describe them", () => {
    const roaring = join(folder, "roaring");
    const expected = new RowSet();
    for (let row = 0; row < 100_000; row += 1000) expected.add(row);
    for (let row = 100_000; row < 200_000; row += 1) expected.add(row * 3);
    expected.addRange(700_000, 800_000);
    for (const name of ["t32/testdata/bitmapwithruns.bin", "t32/testdata/bitmapwithoutruns.bin"]) {
      expect(rangesOf(inVector(readFileSync(join(roaring, name)), 0))).toBe(rangesOf(expected));
    }
    const portable = new RowSet();
    for (const base of [0, 2 ** 32]) {
      portable.addRange(base, base + 0x9001).addRange(base + 0xa000, base + 0x1_0001);
      portable.add(base + 0x2_0000).add(base + 0x2_0005);
      for (let row = 0; row < 0x1_0000; row += 2) portable.add(base + 0x8_0000 + row);
    }
    const encoded = readFileSync(join(roaring, "t64/testdata64/portable_bitmap64.bin"));
    expect(rangesOf(inVector(encoded))).toBe(rangesOf(portable));
    const large = new RowSet().addRange(2 ** 32, 2 ** 32 + 1_000_000).add(2 ** 48);
    for (let row = 0; row < 65_536; row += 2) large.add(row);
    expect(rangesOf(inVector(readFileSync(join(roaring, "t64/testdata64/bitmap64.bin"))))).toBe(rangesOf(large));
  });
});

/** The types that rows are shown in. */
function shownSchema(schemaString: string): DeltaStruct {
  return JSON.parse(schemaString.replaceAll('"variant"', '"string"')) as DeltaStruct;
}

/** delta-rs shows a variant as its bytes, we as JSON: where there is one in a table, its rows are hashed anew. */
function expectedHash(oracle: Oracle, schemaString: string): string | undefined {
  if (!schemaString.includes('"variant"')) return oracle.rowsSha256;
  // Only the rows of small tables are kept; of others there is the count.
  if (oracle.rows === undefined) return undefined;
  const lines = oracle.rows.map((row) => pythonJson(row)).toSorted();
  return createHash("sha256")
    .update(lines.map((line) => `${line}\n`).join(""))
    .digest("hex");
}

/** As `canonicalRows` writes it, with variants as text. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = value as Record<string, unknown>;
  const { metadata, value: bytes } = members;
  if (typeof metadata === "string" && typeof bytes === "string") {
    return JSON.stringify(variantJson(Buffer.from(metadata.slice(4), "hex"), Buffer.from(bytes.slice(4), "hex")));
  }
  const names = Object.keys(members).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}: ${pythonJson(members[name])}`).join(", ")}}`;
}

async function verdictOn(table: string, oracle: Oracle, checkpoints: CheckpointFiles): Promise<string> {
  const store = localStore(table);
  const differences: string[] = [];
  const onWarning = (warning: SluiceError): void => {
    differences.push(warning.message);
  };
  const log = openLog(store, { world: realWorld(), checkpoints, onWarning });
  try {
    const snapshot = await log.latest();
    if (snapshot === undefined) return "no table";
    expect(oracle.openError).toBeUndefined();
    expect(shown(snapshot)).toEqual(expectedOf(oracle));
    for (const { deletionVector } of snapshot.files.values()) {
      if (deletionVector !== undefined) await readDeletionVector(store, deletionVector);
    }
    const head = await openLog(store, { world: realWorld(), checkpoints, onWarning }).head();
    expect({ ...head?.metadata, version: head?.version }).toEqual({ ...snapshot.metadata, version: snapshot.version });
    // The checksum file of one was made by hand and has transactions that the log does not have.
    const isMadeUp = oracle.table === "crc-full";
    expect(isMadeUp ? undefined : head?.txns).toEqual(isMadeUp ? undefined : snapshot.txns);
  } catch (error) {
    if (isFailure(error)) return error.message;
    throw error;
  }
  return differences.length === 0 ? "equal" : differences.join("; ");
}

function shown(snapshot: Snapshot): unknown {
  return {
    version: snapshot.version,
    files: snapshot.files.size,
    reader: snapshot.protocol.minReaderVersion,
    writer: snapshot.protocol.minWriterVersion,
    readerFeatures: [...(snapshot.protocol.readerFeatures ?? [])].toSorted(),
    partitionColumns: snapshot.metadata.partitionColumns,
    configuration: { ...snapshot.metadata.configuration },
    schema: JSON.parse(snapshot.metadata.schemaString),
    schemaAgain: JSON.parse(serializeSchema(snapshot.metadata.schema)),
  };
}

function expectedOf(oracle: Oracle): unknown {
  return {
    version: oracle.version,
    files: oracle.numFiles,
    reader: oracle.protocol.minReaderVersion,
    writer: oracle.protocol.minWriterVersion,
    readerFeatures: [...oracle.protocol.readerFeatures].toSorted(),
    partitionColumns: oracle.partitionColumns,
    configuration: oracle.configuration,
    schema: oracle.schema,
    schemaAgain: oracle.schema,
  };
}

function rangesOf(rows: RowSet): string {
  return JSON.stringify([...rows.ranges()]);
}

/** A bitmap as a deletion vector: portable 64-bit as it is, 32-bit in the old encoding's wrapping. */
function inVector(bitmap: Uint8Array, wrapped?: 0): RowSet {
  const head = Buffer.alloc(wrapped === undefined ? 4 : 12);
  if (wrapped === undefined) head.writeUInt32LE(1_681_511_377);
  else {
    head.writeUInt32BE(1_681_511_376);
    head.writeUInt32BE(1, 4);
    head.writeUInt32BE(bitmap.length, 8);
  }
  return decodeVector(Buffer.concat([head, bitmap]));
}

function oracles(folder: string): { file: string; oracle: Oracle; table: string }[] {
  const top = join(folder, ORACLE);
  return filesBelow(top).map((path) => {
    const oracle = JSON.parse(readFileSync(path, "utf8")) as Oracle;
    const file = relative(top, path);
    return { file, oracle, table: join(folder, file.split("/")[0] ?? "", oracle.table) };
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
