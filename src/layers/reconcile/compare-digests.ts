import type { Engine, Input, Scratch } from "../../engine/index.ts";
import { countOf } from "../../engine/index.ts";

/** Keys whose record differs by its digest, and by how much both sides were looked at. */
export interface DigestComparison extends AsyncDisposable {
  /** `_key` of each, once. */
  readonly differing: Scratch;
  readonly sourceRecords: number;
  readonly lakeRecords: number;
  readonly buckets: number;
  readonly bucketsDifferent: number;
}

/**
 * Both sides fall into so many buckets by a hash of the key. A bucket is its count and the two sums of its records' halves: an order plays no
 * part, and what is there twice does not cancel out as it would with an exclusive or. Keys are compared in those alone that differ.
 */
const BUCKETS = 4_096;

export async function compareDigests(
  engine: Engine,
  source: readonly Scratch[],
  lake: Scratch,
): Promise<DigestComparison> {
  const inputs: Record<string, Input> = { lake: { kind: "scratch", scratch: lake } };
  for (const [index, scratch] of source.entries()) inputs[`source${index}`] = { kind: "scratch", scratch };
  const parts = source.map((_, index) => `SELECT _key, lo, hi FROM source${index}`);
  const nothing = "SELECT _key, lo, hi FROM lake WHERE false";
  const all = parts.length === 0 ? nothing : parts.join(" UNION ALL ");
  await using buckets = await engine.scratch({
    sql: `SELECT bucket, coalesce(s.records, 0) AS source_records, coalesce(l.records, 0) AS lake_records,
        coalesce(s.records = l.records AND s.lo = l.lo AND s.hi = l.hi, false) AS is_equal
      FROM (${bucketsOf(`(${all})`)}) s FULL JOIN (${bucketsOf("lake")}) l USING (bucket)`,
    inputs,
  });
  const known: Record<string, Input> = { ...inputs, buckets: { kind: "scratch", scratch: buckets } };
  const differing = await engine.scratch({
    sql: `SELECT DISTINCT coalesce(s._key, l._key) AS _key FROM (${inDifferent(`(${all})`)}) s FULL JOIN (${inDifferent("lake")}) l ON s._key = l._key
      WHERE s._key IS NULL OR l._key IS NULL OR s.lo <> l.lo OR s.hi <> l.hi`,
    inputs: known,
  });
  const [totals] = await engine.rows({
    sql: `SELECT CAST(coalesce(sum(source_records), 0) AS BIGINT) AS source_records, CAST(coalesce(sum(lake_records), 0) AS BIGINT) AS lake_records,
      count(*) FILTER (WHERE NOT is_equal) AS different FROM buckets`,
    inputs: { buckets: { kind: "scratch", scratch: buckets } },
  });
  return {
    differing,
    sourceRecords: countOf(totals, "source_records"),
    lakeRecords: countOf(totals, "lake_records"),
    buckets: BUCKETS,
    bucketsDifferent: countOf(totals, "different"),
    [Symbol.asyncDispose]: async () => await differing[Symbol.asyncDispose](),
  };
}

function bucketsOf(rows: string): string {
  return `SELECT ${bucketOf("_key")} AS bucket, count(*) AS records, sum(lo) AS lo, sum(hi) AS hi FROM ${rows} GROUP BY 1`;
}

function inDifferent(rows: string): string {
  return `SELECT * FROM ${rows} r SEMI JOIN (SELECT bucket FROM buckets WHERE NOT is_equal) b ON b.bucket = ${bucketOf("r._key")}`;
}

function bucketOf(key: string): string {
  return `CAST(hash(${key}) % ${BUCKETS} AS INTEGER)`;
}
