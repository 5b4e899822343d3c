import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBStructType } from "../duckdb-api.ts";
import { SluiceError, isFailure, type JsonObject } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import type { Doing } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import type { Session } from "../session.ts";
import { actionShape, isMember, type ActionShape } from "./action-shape.ts";
import { partitionValuesOf, statsTextOf } from "./parsed-members.ts";

/** Rows of any checkpoint or sidecar file in Parquet, as their actions in JSON form. */
export async function* readCheckpointFile(
  parts: EngineParts,
  store: ObjectStore,
  path: string,
): AsyncGenerator<readonly JsonObject[]> {
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
    const shapes = await shapesOf(session, file, doing);
    const selected = shapes.flatMap((shape) => shape.columns);
    if (selected.length === 0)
      throw new SluiceError("table.corrupt", `Cannot read checkpoint ${path}: it has no actions`);
    const { chunks } = await session.stream(`SELECT ${selected.join(", ")} FROM ${file}`, doing);
    for await (const chunk of chunks) yield actionsOf(chunk, shapes);
  } catch (error) {
    if (!isFailure(error, "engine.failed")) throw error;
    throw new SluiceError("table.corrupt", `Cannot read checkpoint ${path}: it is no checkpoint in Parquet`, {
      cause: error,
    });
  }
}

/** How each column becomes an action. Members in columnar form are only read where the JSON form is missing. */
async function shapesOf(session: Session, file: string, doing: Doing): Promise<readonly ActionShape[]> {
  const columns = await session.columns(`SELECT * FROM ${file}`, doing);
  const shapes: ActionShape[] = [];
  for (const { name, type } of columns) {
    if (type.typeId !== DuckDBTypeId.STRUCT) continue;
    const start = shapes.reduce((sum, shape) => sum + shape.columns.length, 0);
    const needed = name === "add" ? await neededParsed(session, file, { type, doing }) : new Set<string>();
    const isLeftOut = (member: string): boolean => member.endsWith("_parsed") && !needed.has(member);
    shapes.push(actionShape(name, type, { start, isLeftOut }));
  }
  return shapes;
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

function actionsOf(chunk: DuckDBDataChunk, shapes: readonly ActionShape[]): readonly JsonObject[] {
  const vectors = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index));
  const actions: JsonObject[] = [];
  for (let row = 0; row < chunk.rowCount; row += 1) {
    const action: JsonObject = {};
    for (const shape of shapes) {
      const value = shape.read(vectors, row);
      if (isMember(value)) action[shape.name] = shape.name === "add" ? completed(value) : value;
    }
    actions.push(action);
  }
  return actions;
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
