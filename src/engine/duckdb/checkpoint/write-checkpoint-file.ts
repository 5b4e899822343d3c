import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { SluiceError, messageOf, must, stringifyJson, type JsonObject } from "../../../base/index.ts";
import type { ActionColumns, CheckpointForm, CheckpointRows } from "../../../delta/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { quoteLiteral } from "../../sql-text.ts";
import type { EngineParts } from "../engine-parts.ts";
import { LINE_BYTES } from "../json-lines.ts";
import { DATA_FILE_OPTIONS } from "../parquet-options.ts";
import { writtenFile } from "../written-file.ts";
import { actionsSql } from "./checkpoint-actions.ts";

interface CheckpointWrite {
  readonly store: ObjectStore;
  readonly path: string;
  readonly rows: Iterable<CheckpointRows>;
  readonly form?: CheckpointForm | undefined;
}

interface CheckpointWritten {
  readonly outcome: "created" | "exists";
  readonly sizeBytes: number;
  readonly rows: number;
}

/**
 * Writes actions as one file of a checkpoint (Delta PROTOCOL, "Checkpoint Schema"): those in JSON form, which come first, through a
 * temporary file of lines; those in columns as the engine asks for them.
 */
export async function writeCheckpointFile(
  parts: EngineParts,
  { store, path, rows, form = "classic" }: CheckpointWrite,
): Promise<CheckpointWritten> {
  const { database } = parts;
  const lines = new ActionLines(`${database.newPath("actions")}.ndjson`);
  const file = `${database.newPath("checkpoint")}.parquet`;
  const doing = { what: `write checkpoint ${path}` };
  try {
    const { first, others } = await takeActions(rows, lines);
    await using session = await database.session();
    const id = database.world.uuid();
    using files = database.checkpointActions.open(id, columnsOf(first, others));
    const selects = [
      `SELECT * FROM ${lines.sql(COLUMNS[form])}`,
      ...(first === undefined ? [] : [actionsSql(id, FILES)]),
    ];
    const [row] = await session.rows(
      `COPY (${selects.join(" UNION ALL BY NAME ")}) TO ${quoteLiteral(file)} (${DATA_FILE_OPTIONS}, RETURN_STATS, ${database.rowGroups})`,
      doing,
    );
    const written = writtenFile(must(row, "COPY tells of its file"));
    if (written.rows !== lines.count + files.rows) {
      throw new SluiceError("internal.bug", `Cannot write checkpoint ${path}: not every action arrived`, {
        facts: { actions: lines.count + files.rows, rows: written.rows },
      });
    }
    const outcome = await store.createFromFile(path, file);
    return { outcome, sizeBytes: written.sizeBytes, rows: written.rows };
  } finally {
    await lines.discard();
    await rm(file, { force: true });
  }
}

/** Writes the actions in JSON form down. What is left are those in columns, the first of which have been asked for. */
async function takeActions(
  rows: Iterable<CheckpointRows>,
  lines: ActionLines,
): Promise<{ first: ActionColumns | undefined; others: Iterator<CheckpointRows> }> {
  const others = rows[Symbol.iterator]();
  for (;;) {
    const { done, value = [] } = others.next();
    const first = done !== true && isColumns(value) ? value : undefined;
    if (done === true || isColumns(value)) {
      await lines.end();
      return { first, others };
    }
    await lines.write(value);
  }
}

function isColumns(batch: CheckpointRows): batch is ActionColumns {
  return "kind" in batch;
}

function* columnsOf(first: ActionColumns | undefined, others: Iterator<CheckpointRows>): Generator<ActionColumns> {
  if (first === undefined) return;
  yield first;
  for (;;) {
    const { done, value } = others.next();
    if (done === true) return;
    if (!isColumns(value)) throw new SluiceError("internal.bug", "Actions in JSON form come before those in columns");
    yield value;
  }
}

const TEXTS = "MAP(VARCHAR, VARCHAR)";
const VECTOR =
  'STRUCT("storageType" VARCHAR, "pathOrInlineDv" VARCHAR, "offset" INTEGER, "sizeInBytes" INTEGER, "cardinality" BIGINT)';
const ROW_IDS = '"baseRowId" BIGINT, "defaultRowCommitVersion" BIGINT';

type Columns = Readonly<Record<string, string>>;

/** The columns with the protocol's exact types: other engines check them. */
const HEAD: Columns = {
  txn: 'STRUCT("appId" VARCHAR, "version" BIGINT, "lastUpdated" BIGINT)',
  metaData: `STRUCT("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "format" STRUCT("provider" VARCHAR, "options" ${TEXTS}), "schemaString" VARCHAR, "partitionColumns" VARCHAR[], "createdTime" BIGINT, "configuration" ${TEXTS})`,
  protocol:
    'STRUCT("minReaderVersion" INTEGER, "minWriterVersion" INTEGER, "readerFeatures" VARCHAR[], "writerFeatures" VARCHAR[])',
  domainMetadata: 'STRUCT("domain" VARCHAR, "configuration" VARCHAR, "removed" BOOLEAN)',
};
const FILES = {
  add: `STRUCT("path" VARCHAR, "partitionValues" ${TEXTS}, "size" BIGINT, "modificationTime" BIGINT, "dataChange" BOOLEAN, "stats" VARCHAR, "tags" ${TEXTS}, "deletionVector" ${VECTOR}, ${ROW_IDS}, "clusteringProvider" VARCHAR)`,
  remove: `STRUCT("path" VARCHAR, "deletionTimestamp" BIGINT, "dataChange" BOOLEAN, "extendedFileMetadata" BOOLEAN, "partitionValues" ${TEXTS}, "size" BIGINT, "deletionVector" ${VECTOR}, ${ROW_IDS})`,
};

const COLUMNS: Readonly<Record<CheckpointForm, Columns>> = {
  classic: { ...HEAD, ...FILES },
  v2: {
    ...HEAD,
    ...FILES,
    checkpointMetadata: `STRUCT("version" BIGINT, "tags" ${TEXTS})`,
    sidecar: `STRUCT("path" VARCHAR, "sizeInBytes" BIGINT, "modificationTime" BIGINT, "tags" ${TEXTS})`,
  },
  sidecar: FILES,
};

/** Actions in JSON form, one a line. */
class ActionLines {
  count = 0;
  readonly #file: string;
  readonly #stream: WriteStream;
  readonly #done: Promise<void>;
  #longest = 0;

  constructor(file: string) {
    this.#file = file;
    this.#stream = createWriteStream(file, { flags: "wx", mode: 0o600, highWaterMark: 2 ** 20 });
    this.#done = finished(this.#stream);
    // Awaited at the end; without this a failure before that would end the process.
    this.#done.catch(() => undefined);
  }

  async write(actions: readonly JsonObject[]): Promise<void> {
    await this.#told(async () => {
      for (const action of actions) {
        this.count += 1;
        const line = Buffer.from(`${stringifyJson(action)}\n`);
        this.#longest = Math.max(this.#longest, line.length);
        if (!this.#stream.write(line)) await drained(this.#stream);
      }
    });
  }

  async end(): Promise<void> {
    await this.#told(async () => {
      this.#stream.end();
      await this.#done;
    });
  }

  sql(types: Columns): string {
    const columns = Object.entries(types).map(([name, type]) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`);
    const limit = Math.max(LINE_BYTES, this.#longest);
    return `read_json(${quoteLiteral(this.#file)}, format = 'newline_delimited', maximum_object_size = ${limit}, columns = {${columns.join(", ")}})`;
  }

  async discard(): Promise<void> {
    this.#stream.destroy();
    await this.#done.catch(() => undefined);
    await rm(this.#file, { force: true });
  }

  async #told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = /ENOSPC|EDQUOT/.test(messageOf(error)) ? "storage.full" : "engine.failed";
      throw new SluiceError(code, `Cannot write a checkpoint into the spill folder: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

async function drained(stream: WriteStream): Promise<void> {
  await once(stream, "drain");
}
