import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { SluiceError, messageOf, must, stringifyJson, type JsonObject } from "../../../base/index.ts";
import type { CheckpointForm } from "../../../delta/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { quoteLiteral } from "../../sql-text.ts";
import type { EngineParts } from "../engine-parts.ts";
import { LINE_BYTES } from "../json-lines.ts";
import { writtenFile } from "../written-file.ts";

interface CheckpointWrite {
  readonly store: ObjectStore;
  readonly path: string;
  readonly actions: Iterable<JsonObject>;
  readonly form?: CheckpointForm | undefined;
}

interface CheckpointWritten {
  readonly outcome: "created" | "exists";
  readonly sizeBytes: number;
  readonly rows: number;
}

/** Writes actions as one file of a checkpoint (Delta PROTOCOL, "Checkpoint Schema"), through a temporary file of JSON lines. */
export async function writeCheckpointFile(
  parts: EngineParts,
  { store, path, actions, form = "classic" }: CheckpointWrite,
): Promise<CheckpointWritten> {
  const { database } = parts;
  const lines = `${database.newPath("actions")}.ndjson`;
  const file = `${database.newPath("checkpoint")}.parquet`;
  const doing = { what: `write checkpoint ${path}` };
  try {
    const { rows, longest } = await writeLines(lines, actions);
    await using session = await database.session();
    const columns = Object.entries(COLUMNS[form]).map(([name, type]) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`);
    const source = `read_json(${quoteLiteral(lines)}, format = 'newline_delimited', maximum_object_size = ${Math.max(LINE_BYTES, longest)}, columns = {${columns.join(", ")}})`;
    const [row] = await session.rows(
      `COPY (SELECT * FROM ${source}) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS, ${database.rowGroups})`,
      doing,
    );
    const written = writtenFile(must(row, "COPY tells of its file"));
    if (written.rows !== rows) {
      throw new SluiceError("internal.bug", `Cannot write checkpoint ${path}: not every action arrived`, {
        facts: { actions: rows, rows: written.rows },
      });
    }
    const outcome = await store.createFromFile(path, file);
    return { outcome, sizeBytes: written.sizeBytes, rows };
  } finally {
    await Promise.all([lines, file].map(async (one) => await rm(one, { force: true })));
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
const FILES: Columns = {
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

async function writeLines(file: string, actions: Iterable<JsonObject>): Promise<{ rows: number; longest: number }> {
  const stream = createWriteStream(file, { flags: "wx", mode: 0o600, highWaterMark: 2 ** 20 });
  const done = finished(stream);
  // Awaited below; without this a failure before that would end the process.
  done.catch(() => undefined);
  let rows = 0;
  let longest = 0;
  try {
    for (const action of actions) {
      rows += 1;
      const line = Buffer.from(`${stringifyJson(action)}\n`);
      longest = Math.max(longest, line.length);
      if (!stream.write(line)) await drained(stream);
    }
    stream.end();
    await done;
  } catch (error) {
    stream.destroy();
    const code = /ENOSPC|EDQUOT/.test(messageOf(error)) ? "storage.full" : "engine.failed";
    throw new SluiceError(code, `Cannot write a checkpoint into the spill folder: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { rows, longest };
}

async function drained(stream: WriteStream): Promise<void> {
  await once(stream, "drain");
}
