// A Delta table of many files as its log alone tells of it: a checkpoint and the commit it stands for. Only the newest file is there.
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdir, stat, writeFile } from "node:fs/promises";

/** @type {{ table: string, files: number }} */
const { table, files } = JSON.parse(process.argv[2] ?? "");
const VERSION = 20;
const ROWS = 1000; // of each file: the ids from a thousand times its number on
const DAYS = 1000;

const startedMs = performance.now();
const log = `${table}/_delta_log`;
await mkdir(log, { recursive: true });
const database = await DuckDBInstance.create(":memory:", { threads: "2" });
const connection = await database.connect();
await connection.run(`COPY (
  SELECT ${(files - 1) * ROWS} + i AS id, 'customer-' || i AS customer, i::DECIMAL(12, 2) AS amount,
    timestamptz '2024-01-15 00:00:00+00' AS placed_at, 'open' AS status
  FROM range(${ROWS}) r(i)) TO '${table}/newest.parquet' (FORMAT parquet)`);
const newestBytes = (await stat(`${table}/newest.parquet`)).size;
const checkpoint = `${log}/${named(VERSION)}.checkpoint.parquet`;
const protocol = {
  minReaderVersion: 3,
  minWriterVersion: 7,
  readerFeatures: ["deletionVectors"],
  writerFeatures: ["deletionVectors"],
};
const metaData = {
  id: "2c4cbbd3-6d41-4a58-9f3a-0a1f6a4f3f01",
  name: null,
  description: null,
  createdTime: null,
  schemaString: JSON.stringify({ type: "struct", fields: fields() }),
  partitionColumns: ["day"],
  configuration: { "delta.enableDeletionVectors": "true" },
};
const TEXTS = "MAP(VARCHAR, VARCHAR)";
const types = {
  protocol: `STRUCT("minReaderVersion" INTEGER, "minWriterVersion" INTEGER, "readerFeatures" VARCHAR[], "writerFeatures" VARCHAR[])`,
  metaData: `STRUCT("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "format" STRUCT("provider" VARCHAR, "options" ${TEXTS}), "schemaString" VARCHAR, "partitionColumns" VARCHAR[], "createdTime" BIGINT, "configuration" ${TEXTS})`,
  txn: `STRUCT("appId" VARCHAR, "version" BIGINT, "lastUpdated" BIGINT)`,
};
const written = await connection.runAndReadAll(`COPY (
  SELECT ${constant({ ...protocol }, types.protocol)} AS "protocol", NULL::${types.metaData} AS "metaData", NULL::${types.txn} AS "txn", NULL AS "add"
  UNION ALL BY NAME SELECT ${constant({ ...metaData, format: { provider: "parquet", options: {} } }, types.metaData)} AS "metaData"
  UNION ALL BY NAME SELECT {'appId': 'app-' || i, 'version': i, 'lastUpdated': NULL::BIGINT} AS "txn" FROM range(5) r(i)
  UNION ALL BY NAME SELECT {
    'path': CASE WHEN i = ${files - 1} THEN 'newest.parquet' ELSE 'day=' || day || '/part-' || lpad(i::VARCHAR, 5, '0') || '-' || uuid() || '.c000.zstd.parquet' END,
    'partitionValues': MAP {'day': day::VARCHAR},
    'size': CASE WHEN i = ${files - 1} THEN ${newestBytes} ELSE 1000000 + i END,
    'modificationTime': 1700000000000 + i,
    'dataChange': false,
    'stats': '{"numRecords":${ROWS},"minValues":{"id":' || (i * ${ROWS}) || ',"customer":"customer-' || (i * 7919 % 100000)
      || '","amount":' || (i % 977) || '.25,"placed_at":"2024-01-01T00:00:00.' || lpad((i % 1000)::VARCHAR, 3, '0')
      || 'Z","status":"closed"},"maxValues":{"id":' || (i * ${ROWS} + ${ROWS - 1}) || ',"customer":"customer-' || (i * 7919 % 100000)
      || 'zz","amount":' || (i % 977 + 500) || '.75,"placed_at":"2024-01-31T23:59:59.999Z","status":"shipped"},'
      || '"nullCount":{"id":0,"customer":0,"amount":' || (i % 5) || ',"placed_at":0,"status":0}}',
    'tags': NULL::${TEXTS},
    'deletionVector': CASE WHEN i % 20 = 5 AND i < ${files - 1} THEN {'storageType': 'u', 'pathOrInlineDv': substr(md5(i::VARCHAR), 1, 20),
      'offset': 1::INTEGER, 'sizeInBytes': 40::INTEGER, 'cardinality': 3::BIGINT} END,
    'baseRowId': NULL::BIGINT, 'defaultRowCommitVersion': NULL::BIGINT, 'clusteringProvider': NULL::VARCHAR
  } AS "add" FROM (SELECT i, date '2022-01-01' + (i % ${DAYS})::INTEGER AS day FROM range(${files}) r(i))
) TO '${checkpoint}' (FORMAT parquet, COMPRESSION zstd)`);
const size = Number(written.value(0, 0));
await writeFile(`${log}/${named(VERSION)}.json`, `${JSON.stringify({ commitInfo: { operation: "WRITE" } })}\n`);
await writeFile(`${log}/_last_checkpoint`, JSON.stringify({ version: VERSION, size }));
console.log(JSON.stringify({ seconds: (performance.now() - startedMs) / 1000 }));

/** @param {number} version */
function named(version) {
  return String(version).padStart(20, "0");
}

function fields() {
  const columns = {
    id: "long",
    customer: "string",
    amount: "decimal(12,2)",
    placed_at: "timestamp",
    status: "string",
    day: "date",
  };
  return Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true, metadata: {} }));
}

/**
 * @param {object} value
 * @param {string} type
 */
function constant(value, type) {
  return `'${JSON.stringify(value).replaceAll("'", "''")}'::JSON::${type}`;
}
