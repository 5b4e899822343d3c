import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { realWorld, type SluiceError } from "../../src/base/index.ts";
import { decimal, field, mapOf, struct, arrayOf } from "../../src/contract/index.ts";
import { openLog } from "../../src/delta/index.ts";
import type { Engine, OpenTable } from "../../src/engine/index.ts";
import { localStore } from "../../src/storage/index.ts";
import { canonicalRows, type DeltaStruct } from "../services/canonical-rows.ts";

/** What a reader made of a table. */
export interface Seen {
  readonly version: number;
  readonly count: number;
  readonly sha256: string;
}

/** A folder with a copy of a table, to be damaged. */
export class TableCopy {
  readonly path: string;

  constructor(original: string, below: string) {
    this.path = mkdtempSync(join(below, `${basename(original)}-`));
    cpSync(original, this.path, { recursive: true });
  }

  /** The path of a file of the log. */
  log(name: string | number): string {
    return join(this.path, "_delta_log", typeof name === "number" ? `${String(name).padStart(20, "0")}.json` : name);
  }

  /** Every file of the log, its folders included. */
  logFiles(): readonly string[] {
    return readdirSync(this.log(""), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  }

  change(name: string | number, change: (text: string) => string): void {
    writeFileSync(this.log(name), change(readFileSync(this.log(name), "utf8")));
  }

  /** Puts an action at the end of a commit. */
  say(version: number, ...actions: readonly object[]): void {
    const before = existsSync(this.log(version)) ? readFileSync(this.log(version), "utf8") : "";
    writeFileSync(this.log(version), before + actions.map((action) => `${JSON.stringify(action)}\n`).join(""));
  }
}

export function openAt(
  engine: Engine,
  path: string,
  onWarning: (warning: SluiceError) => void = () => undefined,
): OpenTable {
  const store = localStore(path);
  return {
    name: basename(path),
    store,
    log: openLog(store, { world: realWorld(), checkpoints: engine.checkpoints, onWarning }),
    snapshot: undefined,
  };
}

/** The rows of a version, the newest by default; undefined where there is no table. */
export async function readTable(engine: Engine, path: string, version?: number): Promise<Seen | undefined> {
  const table = openAt(engine, path);
  const snapshot = version === undefined ? await table.log.latest() : await table.log.at(version);
  if (snapshot === undefined) return undefined;
  const input = { kind: "table", table: { ...table, snapshot } } as const;
  const rows = await engine.rows({ sql: "SELECT * FROM t", inputs: { t: input } });
  const { count, sha256 } = canonicalRows(JSON.parse(snapshot.metadata.schemaString) as DeltaStruct, rows);
  return { version: snapshot.version, count, sha256 };
}

/** Four versions: rows, more rows, a deletion vector, more rows. */
export async function writeSample(
  engine: Engine,
  path: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<void> {
  const schema = struct([
    field("id", "long"),
    field("p", "string"),
    field("amount", decimal(12, 2)),
    field("s", struct([field("x", "integer"), field("l", arrayOf("string"))])),
    field("m", mapOf("string", "double")),
  ]);
  const append = async (from: number, to: number): Promise<void> => {
    const rows = Array.from({ length: to - from }, (_, index) => {
      const id = BigInt(from + index);
      return { id, p: `p${id % 2n}`, amount: `${id}.25`, s: { x: Number(id), l: [`t${id}`] }, m: [["k", 0.5]] };
    });
    const create =
      from === 0
        ? {
            create: {
              schema,
              partitionColumns: ["p"],
              properties: { "delta.enableDeletionVectors": "true", ...properties },
            },
          }
        : {};
    const table = openAt(engine, path);
    const open = { ...table, snapshot: await table.log.latest() };
    await engine.append(open, { sql: "SELECT * FROM r", inputs: { r: { kind: "rows", schema, rows } } }, create);
  };
  await append(0, 6);
  await append(6, 10);
  const table = openAt(engine, path);
  await engine.delete({ ...table, snapshot: await table.log.latest() }, "id = 2");
  await append(10, 12);
}
