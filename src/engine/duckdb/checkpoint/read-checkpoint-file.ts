import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBStructType } from "../duckdb-api.ts";
import { SluiceError, isFailure, type JsonObject } from "../../../base/index.ts";
import type { CheckpointRows } from "../../../delta/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import type { Doing } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import type { Session } from "../session.ts";
import { actionShape, isMember, type ActionShape } from "./action-shape.ts";
import { actionColumns, columnarActions, without, type ColumnarActions } from "./action-columns.ts";
import { partitionValuesOf, statsTextOf } from "./parsed-members.ts";

/** Rows of any checkpoint or sidecar file in Parquet: the usual adds and removes in columns, everything else as actions in JSON form. */
export async function* readCheckpointFile(
  parts: EngineParts,
  store: ObjectStore,
  path: string,
): AsyncGenerator<CheckpointRows> {
  const found = await store.stat(path);
  if (found === undefined) {
    throw new SluiceError("storage.missing", `Cannot read checkpoint ${path}: it is missing`, {
      facts: { location: store.url },
    });
  }
  try {
    await using session = await parts.database.session();
    const { paths, release } = await parts.files.use(store, [found]);
    session.defer(release);
    session.nameFiles(new Map(paths.map((one) => [one, `checkpoint ${path}`])));
    const doing = { what: "read the log's checkpoint" };
    const file = `read_parquet(${quoteLiteral(paths[0] ?? "")})`;
    const plan = await planRead(session, file, doing);
    if (plan.shapes.length === 0) {
      throw new SluiceError("table.corrupt", `Cannot read checkpoint ${path}: it has no actions`);
    }
    yield* plan.columnar.length === 0
      ? everyRow(session, file, { ...plan, doing })
      : inColumns(session, file, { ...plan, doing });
  } catch (error) {
    if (!isFailure(error, "engine.failed")) throw error;
    throw new SluiceError("table.corrupt", `Cannot read checkpoint ${path}: it is no checkpoint in Parquet`, {
      cause: error,
    });
  }
}

interface ReadPlan {
  /** Of every column, those of adds and removes included. */
  readonly shapes: readonly ActionStruct[];
  /** Of adds and removes, unless they are read row by row. */
  readonly columnar: readonly ColumnarActions[];
}

interface ActionStruct {
  readonly name: string;
  readonly type: DuckDBStructType;
  readonly isLeftOut: (member: string) => boolean;
}

/** How each column becomes an action. Members in columnar form are only read where the JSON form is missing. */
async function planRead(session: Session, file: string, doing: Doing): Promise<ReadPlan> {
  const found = await session.columns(`SELECT * FROM ${file}`, doing);
  const shapes: ActionStruct[] = [];
  const columnar: ColumnarActions[] = [];
  for (const { name, type } of found) {
    if (type.typeId !== DuckDBTypeId.STRUCT) continue;
    const needed = name === "add" ? await neededParsed(session, file, { type, doing }) : new Set<string>();
    const columns =
      (name === "add" && needed.size === 0) || name === "remove" ? columnarActions(name, type) : undefined;
    if (columns !== undefined) columnar.push(columns);
    shapes.push({ name, type, isLeftOut: (member) => member.endsWith("_parsed") && !needed.has(member) });
  }
  return { shapes, columnar };
}

function shapesOf(structs: readonly ActionStruct[]): readonly ActionShape[] {
  const shapes: ActionShape[] = [];
  let start = 0;
  for (const { name, type, isLeftOut } of structs) {
    const shape = actionShape(name, type, { start, isLeftOut });
    shapes.push(shape);
    start += shape.columns.length;
  }
  return shapes;
}

/** Usual adds and removes as columns; the other actions, and adds and removes that have something unusual, row by row. */
async function* inColumns(
  session: Session,
  file: string,
  { shapes: structs, columnar, doing }: ReadPlan & { doing: Doing },
): AsyncGenerator<CheckpointRows> {
  const isColumnar = ({ name }: ActionStruct): boolean => columnar.some((one) => one.name === name);
  const shapes = shapesOf(structs.filter((one) => !isColumnar(one)));
  const selected = shapes.flatMap((shape) => shape.columns);
  const places = columnar.map(({ name, isUsual, columns }) => {
    const start = selected.length;
    const isOne = start + columns.length;
    selected.push(...columns, `${quoteIdentifier(name)} IS NOT NULL`, isUsual);
    return { name, start, isOne, isUsual: isOne + 1 };
  });
  let hasUnusual = false;
  for await (const chunk of await chunksOf(session, `SELECT ${selected.join(", ")} FROM ${file}`, doing)) {
    const isTaken = new Uint8Array(chunk.rowCount);
    for (const { name, start, isOne, isUsual } of places) {
      const [one, usual] = [chunk.getColumnVector(isOne), chunk.getColumnVector(isUsual)];
      const notInColumns: number[] = [];
      for (let row = 0; row < chunk.rowCount; row += 1) {
        if (isTaken[row] === 0 && usual.getItem(row) === true) isTaken[row] = 1;
        else notInColumns.push(row);
        if (isTaken[row] !== 0 || one.getItem(row) !== true) continue;
        isTaken[row] = 1;
        hasUnusual = true;
      }
      if (notInColumns.length < chunk.rowCount) yield without(actionColumns(chunk, name, start), notInColumns);
    }
    const others = Array.from({ length: chunk.rowCount }, (_, row) => row).filter((row) => isTaken[row] === 0);
    if (others.length > 0) yield actionsOf(chunk, shapes, others);
  }
  if (!hasUnusual) return;
  const isUnusual = columnar.map(({ name, isUsual }) => `(${quoteIdentifier(name)} IS NOT NULL AND NOT ${isUsual})`);
  const rest = `(SELECT * FROM ${file} WHERE ${isUnusual.join(" OR ")})`;
  yield* everyRow(session, rest, { shapes: structs.filter(isColumnar), doing });
}

async function* everyRow(
  session: Session,
  source: string,
  { shapes: structs, doing }: Pick<ReadPlan, "shapes"> & { doing: Doing },
): AsyncGenerator<CheckpointRows> {
  const shapes = shapesOf(structs);
  const selected = shapes.flatMap((shape) => shape.columns);
  for await (const chunk of await chunksOf(session, `SELECT ${selected.join(", ")} FROM ${source}`, doing)) {
    yield actionsOf(
      chunk,
      shapes,
      Array.from({ length: chunk.rowCount }, (_, row) => row),
    );
  }
}

async function chunksOf(session: Session, sql: string, doing: Doing): Promise<AsyncIterable<DuckDBDataChunk>> {
  const { chunks } = await session.stream(sql, doing);
  return released(chunks);
}

/** A chunk keeps whole pages of the file until it is collected, and the collector does not know how large they are. */
async function* released(chunks: AsyncIterable<DuckDBDataChunk>): AsyncGenerator<DuckDBDataChunk> {
  for await (const chunk of chunks) {
    yield chunk;
    chunk.reset();
  }
}

async function neededParsed(
  session: Session,
  file: string,
  { type, doing }: { type: DuckDBStructType; doing: Doing },
): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const [json, parsed] of [
    ["stats", "stats_parsed"],
    ["partitionValues", "partitionValues_parsed"],
  ] as const) {
    if (!type.entryNames.includes(parsed)) continue;
    const missing = type.entryNames.includes(json) ? `add.${quoteIdentifier(json)} IS NULL AND ` : "";
    const [found] = await session.rows(
      `SELECT 1 FROM ${file} WHERE add IS NOT NULL AND ${missing}add.${parsed} IS NOT NULL LIMIT 1`,
      doing,
    );
    if (found !== undefined) needed.add(parsed);
  }
  return needed;
}

function actionsOf(
  chunk: DuckDBDataChunk,
  shapes: readonly ActionShape[],
  rows: readonly number[],
): readonly JsonObject[] {
  const width = shapes.reduce((sum, shape) => sum + shape.columns.length, 0);
  const vectors = Array.from({ length: width }, (_, index) => chunk.getColumnVector(index));
  return rows.map((row) => {
    const action: JsonObject = {};
    for (const shape of shapes) {
      const value = shape.read(vectors, row);
      if (isMember(value)) action[shape.name] = shape.name === "add" ? completed(value) : value;
    }
    return action;
  });
}

function completed(add: JsonObject): JsonObject {
  const { stats_parsed: stats, partitionValues_parsed: partitionValues, ...rest } = add;
  const text = statsTextOf(stats);
  const values = partitionValuesOf(partitionValues);
  return {
    ...rest,
    ...(rest["stats"] === undefined && text !== undefined ? { stats: text } : {}),
    ...(rest["partitionValues"] === undefined && values !== undefined ? { partitionValues: values } : {}),
  };
}
