// What ingest is held against: DuckDB alone, reading the same gzip files with a typed reader into one ZSTD Parquet file.
// No checksums, no counts, no rescue of what fits no column, no contract columns, no log, no fsync.
import { DuckDBInstance } from "@duckdb/node-api";

/** @type {{ files: string[], shape: "full" | "window", target: string, memory: string, threads: number, spill: string }} */
const { files, shape, target, memory, threads, spill } = JSON.parse(process.argv[2] ?? "");

const ITEM = `STRUCT(
  order_id STRUCT(S VARCHAR), customer_id STRUCT(S VARCHAR), placed_at STRUCT(S VARCHAR), status STRUCT(S VARCHAR),
  amount STRUCT(N VARCHAR), quantity STRUCT(N VARCHAR), is_gift STRUCT(BOOL BOOLEAN),
  address STRUCT(M STRUCT(city STRUCT(S VARCHAR), country STRUCT(S VARCHAR), postcode STRUCT(S VARCHAR))),
  tags STRUCT(L STRUCT(S VARCHAR)[]), payment_ref STRUCT(S VARCHAR), coupon STRUCT(S VARCHAR), updated_at STRUCT(N VARCHAR))`;
const COLUMNS = {
  full: `Item: '${ITEM}'`,
  window: `Metadata: 'STRUCT(WriteTimestampMicros STRUCT(N BIGINT))', Keys: 'STRUCT(order_id STRUCT(S VARCHAR))',
    OldImage: '${ITEM}', NewImage: '${ITEM}'`,
};
const IMAGE = { full: "Item", window: "NewImage" };

const startedMs = performance.now();
const database = await DuckDBInstance.create(":memory:", {
  memory_limit: memory,
  threads: String(threads),
  temp_directory: spill,
  preserve_insertion_order: "false",
});
const connection = await database.connect();
const image = IMAGE[shape];
const written = await connection.runAndReadAll(`COPY (
  SELECT ${shape === "window" ? "make_timestamp(Metadata.WriteTimestampMicros.N) AS changed_at," : ""}
    ${image}.order_id.S AS order_id, ${image}.customer_id.S AS customer_id, ${image}.placed_at.S AS placed_at,
    ${image}.status.S AS status, ${image}.amount.N AS amount, ${image}.quantity.N AS quantity,
    ${image}.is_gift.BOOL AS is_gift,
    CASE WHEN ${image}.address.M IS NOT NULL THEN {
      city: ${image}.address.M.city.S, country: ${image}.address.M.country.S, postcode: ${image}.address.M.postcode.S
    } END AS address,
    [tag.S FOR tag IN ${image}.tags.L] AS tags,
    ${image}.payment_ref.S AS payment_ref, ${image}.coupon.S AS coupon, ${image}.updated_at.N AS updated_at
  FROM read_json([${files.map(quoted).join(", ")}], format = 'newline_delimited', columns = {${COLUMNS[shape]}})
) TO ${quoted(target)} (FORMAT parquet, COMPRESSION zstd)`);
console.log(JSON.stringify({ rows: Number(written.value(0, 0)), seconds: (performance.now() - startedMs) / 1000 }));

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
