import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeltaTable, type Row } from "../../src/lake/delta-door.ts";
import { canonicalRows, type DeltaStruct } from "../services/canonical-rows.ts";
import { requirePart, startDeltaRs } from "../services/judges.ts";

const SEED = Number(process.env["SLUICE_SEED"] ?? "20260110");
const WRITER = fileURLToPath(new URL("writer-process.mjs", import.meta.url));
const OPERATIONS_FACTOR = process.env["SLUICE_NIGHTLY"] === "true" ? 20 : 1;

const SCHEMA: DeltaStruct = {
  type: "struct",
  fields: [
    { name: "writer", type: "string" },
    { name: "number", type: "long" },
    { name: "note", type: "string" },
  ],
};

/** What a writer says of itself when it is done. */
interface Told {
  readonly versions: readonly number[];
  readonly counted: number;
  readonly claimed: number;
  readonly rows: readonly { readonly writer: string; readonly number: number; readonly note: string }[];
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-processes-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("processes that append, merge and delete in one table lose no commit and double none (F10, F15)", () => {
  test.for([
    [2, 14, "true"],
    [3, 10, "true"],
    [3, 8, "false"],
    [8, 5, "true"],
  ] as const)(
    "%i of them, %i operations each, deletion vectors: %s",
    { timeout: OPERATIONS_FACTOR * 240_000 },
    async ([processes, some, vectors]) => {
      process.stderr.write(`concurrency: SLUICE_SEED=${SEED}\n`);
      const path = join(folder, `${processes}-${vectors}`);
      const operations = some * OPERATIONS_FACTOR;
      const claims = Math.ceil(operations / 2);
      await createTable(path, vectors);
      const told = await writeAtOnce(processes, { path, operations, claims });

      await using table = await DeltaTable.open(path);
      // Every version but the first was committed by exactly one process, and said so once.
      const versions = told.flatMap((one) => one.versions).toSorted((one, other) => one - other);
      expect(versions).toEqual(Array.from({ length: table.version }, (_, index) => index + 1));
      const claimed = Array.from({ length: claims }, (_, number) => ({ writer: "claims", number, note: "once" }));
      const counted = told.reduce((sum, one) => sum + one.counted, 0);
      const shared = { writer: "shared", number: 0, note: String(counted) };
      const expected = canonicalRows(SCHEMA, [...told.flatMap((one) => one.rows), ...claimed, shared]);
      expect(canonicalRows(SCHEMA, await rowsOf(table)).lines).toEqual(expected.lines);
      expect(told.reduce((sum, one) => sum + one.claimed, 0)).toBe(claims);
      expect(table.snapshot.txns.get("test/claims")?.version).toBe(claims - 1);
    },
  );
});

describe.skipIf(!requirePart("delta-1.6.6"))("in delta-rs", () => {
  test("every version of such a table has the rows that we read", { timeout: 240_000 }, async () => {
    const path = join(folder, "judged");
    await createTable(path, "true");
    await writeAtOnce(3, { path, operations: 6, claims: 3 });
    await using table = await DeltaTable.open(path);
    await using judge = await startDeltaRs("1.6.6");
    for (let version = 0; version <= table.version; version += 1) {
      const { count, sha256 } = await judge.rows(path, { version });
      const ours = canonicalRows(SCHEMA, await rowsOf(table, version));
      expect({ version, count, sha256 }).toEqual({ version, count: ours.count, sha256: ours.sha256 });
    }
  });
});

async function createTable(path: string, vectors: "true" | "false"): Promise<void> {
  await using table = await DeltaTable.create(path, {
    schema: { writer: "string", number: "long", note: "string" },
    properties: { "delta.enableDeletionVectors": vectors, "delta.checkpointInterval": "7" },
  });
  expect(table.version).toBe(0);
}

interface Task {
  readonly path: string;
  readonly operations: number;
  readonly claims: number;
}

/** Starts that many writers, lets them go together, and gives what they told. */
async function writeAtOnce(processes: number, task: Task): Promise<readonly Told[]> {
  const writers = Array.from({ length: processes }, (_, index) => startWriter(index, task));
  await Promise.all(writers.map(({ ready }) => ready));
  for (const { go } of writers) go();
  return await Promise.all(writers.map(({ told }) => told));
}

function startWriter(
  index: number,
  task: Task,
): { readonly ready: Promise<unknown>; readonly go: () => void; readonly told: Promise<Told> } {
  const work = JSON.stringify({ ...task, writer: `w${index}`, seed: SEED + index });
  const child = spawn(process.execPath, [WRITER, work], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
  });
  const told = once(child, "close").then(([status]): Told => {
    if (status !== 0) throw new Error(`Writer ${index} ended with ${status}`);
    return JSON.parse(said.slice(said.indexOf("\n"))) as Told;
  });
  return {
    ready: Promise.race([once(child.stdout, "data"), told]),
    go: () => {
      child.stdin.end("go\n");
    },
    told,
  };
}

async function rowsOf(table: DeltaTable, version = table.version): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const batch of table.read({ version })) rows.push(...batch);
  return rows;
}
