import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { runCli } from "../../src/cli/cli.ts";
import { recordedIo } from "../cli/recorded-io.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem } from "./live-table.ts";

describe.skipIf(!requirePart("dynamodb-local"))("a table of DynamoDB Local", { timeout: 120_000 }, () => {
  let server: DynamoDbServer;
  let folder: string;

  beforeAll(async () => {
    [server, folder] = await Promise.all([startDynamoDbLocal(), mkdtemp(join(tmpdir(), "sluice-doctor-"))]);
  }, 60_000);

  afterAll(async () => {
    vi.unstubAllEnvs();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("doctor looks at a table, says what will break and what to type, and writes nothing", async () => {
    const table = await LiveTable.create(server, "orders", { view: "KEYS_ONLY" });
    await table.writeAll(Array.from({ length: 30 }, (_, at) => orderItem(`o-${at}`, "1.00")));
    const config = (
      keys: string,
      more: string,
    ): string => `import { bronze, defineLake, dynamodb, s, silver } from "sluice";
const orders = bronze("orders", {
  source: dynamodb({ table: "${table.name}", keys: ["${keys}"], landing: "stream", endpoint: "${server.endpoint}"${more} }),
});
const clean = silver("orders", { from: orders, keys: ["${keys}"], columns: { ${keys}: s.string() } });
export default defineLake({ name: "shop", storage: "./lake", tables: [orders, clean] });
`;
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "canary-of-doctor");
    const doctor = async (file: string, ...words: string[]): Promise<{ code: number; stdout: string }> => {
      await writeFile(join(folder, "sluice.config.ts"), file);
      const { io, stdout, stderr } = recordedIo({ folder, world: realWorld() });
      const code = await runCli(["doctor", ...words], io);
      expect(stdout() + stderr()).not.toContain("canary-of-doctor");
      return { code, stdout: stdout() };
    };
    const sick = await doctor(config("id", ""));
    expect(sick.code).toBe(3);
    expect(sick.stdout).toMatch(
      /bronze\.orders\n(?:  .*\n)*  x {2}keys +the table's key is \(order_id\).*\n +→ keys: \["order_id"\]/,
    );
    expect(sick.stdout).toMatch(/x {2}stream +KEYS_ONLY has no new images.*\n +→ fetchItems: true/);
    expect(sick.stdout).toMatch(/landing: "scan" fits; it is defined as "stream"/);
    expect(sick.stdout).toMatch(/machine\n {2}ok engine +DuckDB v1\./);
    const well = await doctor(config("order_id", ", fetchItems: true"), "--json", "--freshness", "1 min");
    const report = JSON.parse(well.stdout) as { findings: { level: string }[]; landings: object[]; exitCode: number };
    expect(report).toMatchObject({
      schema: "sluice.doctor/1",
      exitCode: 0,
      landings: [{ table: "bronze.orders", landing: "stream", defined: "stream", line: 'landing: "stream"' }],
    });
    expect(report.findings.filter(({ level }) => level === "problem")).toEqual([]);
    const { stdout } = await doctor(config("order_id", ""), "--iam", "--account", "123456789012");
    const policy = JSON.parse(stdout) as { Statement: { Sid: string; Resource: string[] }[] };
    expect(policy.Statement.find(({ Sid }) => Sid === "BronzeOrdersStream")?.Resource).toEqual([
      `arn:aws:dynamodb:*:123456789012:table/${table.name}/stream/*`,
    ]);
    expect((await readdir(folder, { recursive: true })).filter((name) => !/spill/.test(name)).toSorted()).toEqual([
      "lake",
      "lake/system",
      "sluice.config.ts",
    ]);
    expect((await table.items()).size).toBe(30);
  });
});
