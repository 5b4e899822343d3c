import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { runCli } from "../../src/cli/cli.ts";
import { recordedIo } from "./recorded-io.ts";
import { ORDERS, makeTeaShop } from "./tea-shop.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-coverage-"));
  makeTeaShop(folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function cli(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const recorded = recordedIo({ folder, world: realWorld() });
  const status = await runCli(words, recorded.io);
  return { status, stdout: recorded.stdout(), stderr: recorded.stderr() };
}

test("status --coverage shows what the exports cover, also of the Bronze table behind a Silver one", async () => {
  expect(await cli("status", "--coverage")).toMatchObject({
    status: 0,
    stdout: "bronze.orders  dynamodb orders  is being loaded\n  next  sluice run bronze.orders\n",
  });
  expect((await cli("run", "bronze.orders")).status).toBe(0);
  const told = await cli("status", "--coverage", "silver.orders", "--json");
  expect(JSON.parse(told.stdout)).toMatchObject({
    schema: "sluice.coverage/1",
    exitCode: 0,
    tables: [{ table: "bronze.orders", verdict: "covered", coveredTo: "2026-01-01T00:00:00.000Z", holes: [] }],
  });
  const { stdout, status } = await cli("status", "--coverage");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^bronze\.orders +dynamodb orders +covered up to 2026-01-01 00:00:00Z/);
  expect(stdout).toMatch(new RegExp(` full export +0 +the beginning +2026-01-01 00:00:00Z +0 +${ORDERS + 1}$`, "m"));
  expect(await cli("status", "--coverage", "gold.daily_sales")).toMatchObject({ status: 2, stdout: "" });
  expect(await cli("status", "silver.orders")).toMatchObject({ status: 2, stdout: "" });
});
