import { must } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { Relation } from "../../engine/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { StageContext, UnreadableLine } from "../source.ts";
import { bronzeRelation } from "./bronze-relation.ts";
import { checkHints, schemaOf, shapesOf } from "./columns/column-schema.ts";
import { leafCount, unite, type Shape } from "./columns/shapes.ts";
import { COLUMNS_MAX, type RecordOptions } from "./options.ts";
import type { ScanTask, ScannedFile } from "./scan/scan-file.ts";
import { scanFiles, type ScanContext } from "./scan/scan-files.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";
import { EVENT_COLUMNS, columnsOf } from "./scan/staged-columns.ts";
import { finishStagedFile, type StagedFile } from "../staged/index.ts";

export interface Staging {
  readonly options: RecordOptions;
  readonly store: ObjectStore;
  /** Columns that hints ask for. */
  readonly hints: ReadonlyMap<string, Shape>;
  readonly known: StructType | undefined;
  readonly context: StageContext;
  readonly threads: ScanThreads;
}

export interface StagedLines {
  readonly relation: Relation;
  readonly schema: StructType;
  readonly rows: number;
  readonly unreadable: readonly UnreadableLine[];
  /** Of each task. */
  readonly scanned: readonly ScannedFile[];
}

/**
 * Scans files of lines into staged files of one schema. Each file is scanned as if it were the only one; where
 * two of them saw an attribute differently, the earlier one decides and the later one is scanned again.
 * So the outcome depends on the files and their order alone. `tasks` gives what to scan once the known columns are given;
 * `more` are staged files of events that no line stands for.
 */
export async function stageLines(
  staging: Staging,
  tasksOf: (known: ReadonlyMap<string, Shape>) => readonly ScanTask[],
  more: readonly StagedFile[] = [],
): Promise<StagedLines> {
  const { options, known } = staging;
  const shapes = shapesOf(known);
  checkHints(shapes, staging.hints);
  for (const [name, shape] of staging.hints) if (!shapes.has(name)) shapes.set(name, shape);
  const tasks = tasksOf(shapes);
  const scanned = [...(await scanFiles(tasks, scanContext(staging)))];
  const united = await reconcile(staging, tasks, scanned, shapes);
  const schema = schemaOf(known, united);
  const inOrder = shapesOf(schema);
  const staged = [...scanned.map((file) => file.staged), ...more];
  const columns = [
    ...Object.values(EVENT_COLUMNS),
    ...[...inOrder].flatMap(([name, shape]) => columnsOf([name], shape)),
  ];
  for (const file of staged) finishStagedFile(file, columns);
  return {
    relation: bronzeRelation(staged.map((file) => file.file), options.table, schema, inOrder), // prettier-ignore
    schema,
    rows: staged.reduce((sum, file) => sum + rowsOf(file), 0),
    unreadable: scanned.flatMap((file) => file.unreadable),
    scanned,
  };
}

/** Makes one set of columns of what the files found, scanning again where they disagree. */
async function reconcile(
  staging: Staging,
  tasks: readonly ScanTask[],
  scanned: ScannedFile[],
  known: ReadonlyMap<string, Shape>,
): Promise<ReadonlyMap<string, Shape>> {
  const columnsMax = staging.options.columnsMax ?? COLUMNS_MAX;
  let united: Shape = { tag: "M", members: known };
  for (const [index, task] of tasks.entries()) {
    const file = must(scanned[index], "every file was scanned");
    const wider = unite(united, { tag: "M", members: file.shapes });
    if (wider !== undefined && (wider === united || leafCount(wider) <= columnsMax)) {
      united = wider;
      continue;
    }
    const again = { ...task, known: united.tag === "M" ? united.members : known, staged: `${task.staged}.again` };
    const [rescanned] = await scanFiles([again], scanContext(staging));
    scanned[index] = must(rescanned, "the file was scanned again");
    united = { tag: "M", members: scanned[index].shapes };
  }
  return united.tag === "M" ? united.members : known;
}

function scanContext({ store, threads, context: { signal, onProgress } }: Staging): ScanContext {
  return {
    store,
    threads,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

function rowsOf(file: StagedFile): number {
  return file.groups.reduce((sum, group) => sum + group.rows, 0);
}
