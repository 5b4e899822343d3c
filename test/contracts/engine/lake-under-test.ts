import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatedWorld, type SluiceError, type World } from "../../../src/base/index.ts";
import type { StructType } from "../../../src/contract/index.ts";
import { openLog, type DeltaLog } from "../../../src/delta/index.ts";
import type { Engine, OpenTable, Relation, Row, TableCreation, WriteOutcome } from "../../../src/engine/index.ts";
import { localStore, memoryStore, type ObjectStore } from "../../../src/storage/index.ts";

export interface MakeEngine {
  (options: { world: World; spillFolder: string }): Promise<Engine>;
  /** A new, empty store that is no folder; in memory where it is not said. */
  readonly remote?: (name: string) => ObjectStore;
}

/** An engine and a place for tables, all gone when disposed. */
export interface LakeUnderTest extends AsyncDisposable {
  readonly engine: Engine;
  readonly world: World;
  readonly folder: string;
  /** A new, empty store: in memory (or `remote`), where the engine has to copy, or in a folder, where it reads in place. */
  store(kind: StoreKind): ObjectStore;
  table(store: ObjectStore, name?: string): TableUnderTest;
}

export type StoreKind = "memory" | "local";
export const STORE_KINDS: readonly StoreKind[] = ["memory", "local"];

let seeds = 0;

export async function lakeUnderTest(make: MakeEngine): Promise<LakeUnderTest> {
  const world = simulatedWorld((seeds += 1));
  const folder = await mkdtemp(join(tmpdir(), "sluice-engine-"));
  const engine = await make({ world, spillFolder: join(folder, "spill") });
  return {
    engine,
    world,
    folder,
    store: (kind) => {
      if (kind === "local") return localStore(join(folder, world.uuid()), { world });
      return make.remote?.(world.uuid()) ?? memoryStore({ world });
    },
    table: (store, name = "silver.orders") => new TableUnderTest(engine, { store, name, world }),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A table as one process sees it, with its log. */
export class TableUnderTest {
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly name: string;
  readonly log: DeltaLog;
  readonly warnings: SluiceError[] = [];

  constructor(engine: Engine, { store, name, world }: { store: ObjectStore; name: string; world: World }) {
    this.engine = engine;
    this.store = store;
    this.name = name;
    const { checkpoints } = engine;
    this.log = openLog(store, { world, checkpoints, onWarning: (warning) => this.warnings.push(warning) });
  }

  async open(version?: number): Promise<OpenTable> {
    const snapshot = version === undefined ? await this.log.latest() : await this.log.at(version);
    return { name: this.name, store: this.store, log: this.log, snapshot };
  }

  async create(creation: TableCreation, rows: readonly Row[] = []): Promise<WriteOutcome> {
    return await this.engine.append(await this.open(), rowsOf(creation.schema, rows), { create: creation });
  }

  async append(schema: StructType, rows: readonly Row[]): Promise<WriteOutcome> {
    return await this.engine.append(await this.open(), rowsOf(schema, rows));
  }

  /** Of a query over the table under the name `t`. */
  async rows(text = "select * from t", version?: number): Promise<readonly Row[]> {
    const table = await this.open(version);
    return await this.engine.rows({ sql: text, inputs: { t: { kind: "table", table } } });
  }

  /** Everything in the store but the log. */
  async files(): Promise<readonly string[]> {
    const paths: string[] = [];
    for await (const { path } of this.store.list("")) if (!path.startsWith("_delta_log/")) paths.push(path);
    return paths;
  }
}

export function rowsOf(schema: StructType, rows: readonly Row[]): Relation {
  return { sql: "select * from r", inputs: { r: { kind: "rows", schema, rows } } };
}

export function sql(text: string): Relation {
  return { sql: text, inputs: {} };
}
