import { startFaultProxy, type FaultProxy } from "../../test/services/fault-proxy.ts";
import { httpfsFile, partsAvailable } from "../../test/services/parts.ts";
import { startVersityGw } from "../../test/services/s3-servers.ts";
import { memoryBytes, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, faster, figureOf } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { measurePairs, median, type Sample } from "../pairs.ts";

const TABLE = "s3://lake/orders";
const ROWS_ASKED = 2_000;
const BYTES_MOST = atMost(25, " % of the table");

/** Questions to a table in S3: parts of its files by DuckDB's httpfs, against copies of the files. Bytes are those of the answers. */
export async function remoteReads(context: BenchContext): Promise<Measured> {
  for (const part of ["versitygw", "httpfs"] as const) {
    const { available, reason } = partsAvailable(part);
    if (available) continue;
    console.error(`  SKIPPED: ${reason}`);
    return { findings: [], samples: {} };
  }
  await using server = await startVersityGw();
  await using proxy = await startFaultProxy(server.port);
  const tableBytes = await makeTable(context, proxy);
  const from = Math.floor(context.items / 2);
  const questions: Readonly<Record<string, Question>> = {
    range: { title: `${ROWS_ASKED} rows by a range of keys`, where: `id BETWEEN ${from} AND ${from + ROWS_ASKED - 1}` },
    column: { title: "One column of all rows", where: "true", select: "sum(quantity)" },
  };
  const findings: Measured["findings"][number][] = [];
  const samples: Record<string, readonly Sample[]> = {};
  for (const [id, { title, where, select = "*" }] of Object.entries(questions)) {
    const sql = `SELECT ${select} FROM t WHERE ${where}`;
    const pairs = await measurePairs(
      context.pairs,
      { name: "httpfs", measure: async () => await ask(context, proxy, { sql, httpfs: httpfsFile() }) },
      { name: "copies", measure: async () => await ask(context, proxy, { sql, httpfs: "off" }) },
    );
    const share = (side: "ours" | "theirs"): number =>
      (median(pairs.map((pair) => pair[side].fetchedBytes ?? Number.NaN)) / tableBytes) * 100;
    const unit = " % of the table";
    findings.push(
      figureOf({ id: `remote-${id}`, title: `${title} of a table in S3: bytes fetched, httpfs` }, share("ours"), {
        unit,
        target: BYTES_MOST,
      }),
      figureOf({ id: `remote-${id}-copies`, title: `${title}: bytes fetched, copies` }, share("theirs"), { unit }),
      faster({ id: `remote-${id}-seconds`, title: `${title}: httpfs against copies, a store on this machine` }, pairs, {
        of: (one) => one.workSeconds ?? Number.NaN,
      }),
    );
    samples[`remote-${id} httpfs`] = pairs.map((pair) => pair.ours);
    samples[`remote-${id} copies`] = pairs.map((pair) => pair.theirs);
  }
  return { findings, samples };
}

interface Question {
  readonly title: string;
  readonly where: string;
  readonly select?: string;
}

async function ask(
  context: BenchContext,
  proxy: FaultProxy,
  { sql, httpfs }: { readonly sql: string; readonly httpfs: string },
): Promise<Sample> {
  proxy.reset();
  const request = { table: TABLE, sql, httpfs, memoryBytes: memoryBytes(context), threads: context.threads };
  const { answer, ...usage } = await measureSubject("s3-query", request, { env: environmentOf(proxy) });
  return { ...usage, workSeconds: answer.seconds, fetchedBytes: proxy.bytes };
}

/** In order of its keys, as a clustered table is. Gives the bytes of its files. */
async function makeTable(context: BenchContext, proxy: FaultProxy): Promise<number> {
  const columns = [
    "range AS id",
    "md5(concat('c', range % 9973)) AS customer",
    "md5(concat(range)) || md5(concat(range, 'n')) AS note",
    "(range * 7919) % 100 AS quantity",
  ];
  const request = {
    table: TABLE,
    sql: `SELECT ${columns.join(", ")} FROM range(${context.items})`,
    schema: { id: "long", customer: "string", note: "string", quantity: "long" },
    memoryBytes: memoryBytes(context),
    threads: context.threads,
  };
  const { answer } = await measureSubject("s3-create", request, { env: environmentOf(proxy) });
  return answer.bytes ?? Number.NaN;
}

function environmentOf(proxy: FaultProxy): Record<string, string> {
  return { AWS_ENDPOINT_URL: proxy.endpoint };
}
