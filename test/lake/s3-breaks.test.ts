import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFailure, seededRandom } from "../../src/base/index.ts";
import type { ProxyFault } from "../services/fault-proxy.ts";
import { requirePart } from "../services/parts.ts";
import { startVersityGw } from "../services/s3-servers.ts";
import { everyWord, makeTable, rowsOf, WAYS, type TableInS3 } from "./s3-files.ts";

const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const ROUNDS = IS_NIGHT ? 300 : 2;
const SEED = Number(process.env["SLUICE_SEED"] ?? "20261127");
const QUESTION = "SELECT part, count(*), sum(id), sum(hash(note)) FROM t GROUP BY part ORDER BY part";

/** The share of requests of httpfs that go wrong, and how. */
const BREAKS = 0.3;
const BREAKAGES: readonly ProxyFault[] = [
  { kind: "lose-request" },
  { kind: "lose-answer" },
  { kind: "cut" },
  { kind: "repeat" },
  { kind: "answer", status: 503, code: "SlowDown" },
  { kind: "answer", status: 500, code: "InternalError" },
];

describe.skipIf(!requirePart("versitygw") || !requirePart("httpfs"))(
  "a table in S3 over connections that break",
  () => {
    let it: TableInS3;
    beforeAll(async () => {
      it = await makeTable(startVersityGw);
    });
    afterAll(() => it[Symbol.asyncDispose]());

    test("is read by httpfs as it is, or not at all", { timeout: 60_000 * ROUNDS }, async () => {
      const random = seededRandom(SEED);
      const wanted = await asked();
      let [broken, read] = [0, 0];
      for (let round = 0; round < ROUNDS; round += 1) {
        it.proxy.onRequest = ({ headers }) => {
          if (headers["user-agent"]?.includes("duckdb") !== true || random() >= BREAKS) return undefined;
          broken += 1;
          return BREAKAGES[Math.floor(random() * BREAKAGES.length)];
        };
        try {
          expect(await asked()).toEqual(wanted);
          read += 1;
        } catch (error) {
          if (!isFailure(error)) throw error;
          expect([round, error.code, everyWord(error)]).toEqual([round, "storage.unavailable", expect.any(String)]);
        } finally {
          it.proxy.onRequest = () => undefined;
        }
      }
      process.stderr.write(`SLUICE_SEED=${SEED}: ${read} of ${ROUNDS} questions answered, ${broken} requests broken\n`);
      expect(broken).toBeGreaterThan(0);
      expect(read).toBeGreaterThan(0);
    });

    async function asked(): Promise<unknown[]> {
      await using table = await it.open(WAYS.httpfs);
      return await rowsOf(table, QUESTION);
    }
  },
);
