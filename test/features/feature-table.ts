import { realWorld } from "../../src/base/index.ts";
import type { StructType } from "../../src/contract/index.ts";
import { openLog } from "../../src/delta/index.ts";
import type { Engine, OpenTable, Row, TableCreation } from "../../src/engine/index.ts";
import { localStore, type ObjectStore } from "../../src/storage/index.ts";
import { latestOf } from "../delta-builders.ts";
import { canonicalLine, type CanonicalRow, type DeltaStruct } from "../services/canonical-rows.ts";
import type { Judge, SparkJudge } from "../services/judges.ts";

/** A table in a folder, and who is asked about it. */
export class FeatureTable {
  readonly path: string;
  readonly log;
  readonly store: ObjectStore;
  readonly #engine: Engine;
  readonly #judges: ReadonlyMap<string, Judge>;

  constructor(engine: Engine, path: string, judges: ReadonlyMap<string, Judge>, store: ObjectStore = localStore(path)) {
    this.path = path;
    this.store = store;
    this.#engine = engine;
    this.#judges = judges;
    this.log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
  }

  get spark(): SparkJudge {
    return this.#judges.get("spark") as SparkJudge;
  }

  get sqlName(): string {
    return `delta.\`${this.path}\``;
  }

  async open(): Promise<OpenTable> {
    return { name: this.path, store: this.store, log: this.log, snapshot: await this.log.latest() };
  }

  async append(schema: StructType, rows: readonly Row[], create?: TableCreation): Promise<void> {
    const relation = { sql: "SELECT * FROM r", inputs: { r: { kind: "rows" as const, schema, rows } } };
    await this.#engine.append(await this.open(), relation, create === undefined ? {} : { create });
  }

  /** Which judges (all, or those named) see other rows of the newest version than we do. */
  async disagreements(...names: readonly string[]): Promise<readonly object[]> {
    const ours = await this.rows();
    const found: object[] = [];
    for (const name of names.length === 0 ? this.#judges.keys() : names) {
      const answer = await this.#judges.get(name)?.rows(this.path, { limitRows: 1000 });
      const theirs = answer?.rows?.toSorted(byText);
      if (JSON.stringify(theirs) !== JSON.stringify(ours)) found.push({ name, theirs, ours });
    }
    return found;
  }

  async rows(): Promise<readonly CanonicalRow[]> {
    const snapshot = await latestOf(this.log);
    const input = { kind: "table", table: { ...(await this.open()), snapshot } } as const;
    const rows = await this.#engine.rows({ sql: "SELECT * FROM t", inputs: { t: input } });
    const schema = JSON.parse(snapshot.metadata.schemaString) as DeltaStruct;
    return rows.map((row) => JSON.parse(canonicalLine(schema, row)) as CanonicalRow).toSorted(byText);
  }
}

function byText(left: CanonicalRow, right: CanonicalRow): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
