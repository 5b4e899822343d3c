import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { writeExport } from "../builders/dynamodb-export.ts";
import { item } from "../builders/dynamodb-item.ts";
import { MAIN, sluice } from "./sluice-process.ts";
import { makeTeaShop, writeNextWindow } from "./tea-shop.ts";

/** Long enough that nobody waits for its end, whatever the machine. */
const ENDLESS = "select count(*) as n from range(1000000000000) as t(i) where i % 7 = 3";

describe("a process", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-process-"));
    makeTeaShop(folder);
    await sluice(["run", "--quiet"], { folder });
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("that waits for its input ends on %s with %d, and says so", async (signal, exitCode) => {
    // The process says so as soon as it would notice a signal.
    const ready = `process.on("newListener", (name) => name === "SIGTERM" && process.stderr.write("READY"));`;
    const finished = await sluice(["query", "-"], {
      folder,
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ready)}` },
      onStarted: (child) => child.stderr?.once("data", () => setTimeout(() => child.kill(signal), 200)),
    });
    expect(finished).toMatchObject({ status: exitCode, stdout: "" });
    expect(finished.stderr).toContain("Stopping after the step at hand");
    expect(finished.stderr).toContain("run.interrupted");
  });

  test("that computes ends on SIGINT, too", async () => {
    const startedMs = performance.now();
    const finished = await sluice(["query", ENDLESS], {
      folder,
      onStarted: (child) => setTimeout(() => child.kill("SIGINT"), 1_500),
    });
    expect(finished).toMatchObject({ status: 130, stdout: "" });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  test("whose reader goes away ends without a word", async () => {
    const sql = "select i, repeat('x', 100) as filler from range(10000000) as t(i)";
    const child = spawn(process.execPath, [MAIN, "query", sql, "--format", "ndjson"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [status] = (await once(child, "close")) as [number | null];
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("does the same wherever it stands: -c names the configuration", async () => {
    const { status, stdout } = await sluice(["-c", folder, "query", "select 1 as one", "--format", "csv"]);
    expect([status, stdout]).toEqual([0, "one\n1\n"]);
  });
});

describe("a run over damaged input", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-damaged-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("names the missing file and exits 5; the next run goes on once it is there", async () => {
    const { full } = makeTeaShop(folder);
    const [lost] = full.files;
    await rm(lost?.path ?? "");
    const failed = await sluice(["run", "--json"], { folder });
    expect(failed.status).toBe(5);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      exitCode: 5,
      tables: [{ table: "bronze.orders", outcome: "failed", error: { code: "source.missing", exitCode: 5 } }, {}, {}],
    });
    expect(failed.stderr).toContain("✗ source.missing");
    expect(failed.stderr).toMatch(/next {3}Restore the file/);
    makeTeaShop(folder);
    expect(await sluice(["run"], { folder })).toMatchObject({ status: 0 });
  });

  test("stops at a hole between windows with what is before it, and exits 5", async () => {
    makeTeaShop(folder);
    writeExport(
      join(folder, "raw"),
      { from: "2026-01-05T00:00:00Z", to: "2026-01-06T00:00:00Z", events: [] },
      { table: "orders" },
    );
    const failed = await sluice(["run", "--json"], { folder });
    expect(failed.status).toBe(5);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      tables: [
        { table: "bronze.orders", outcome: "failed", rows: 41, error: { code: "source.gap" } },
        { table: "silver.orders", outcome: "changed" },
        { table: "gold.daily_sales", outcome: "changed" },
      ],
    });
    const plan = await sluice(["plan"], { folder });
    expect(plan.status).toBe(5);
    expect(plan.stdout).toMatch(/bronze\.orders +stops +source\.gap/);
    const status = await sluice(["status"], { folder });
    expect(status.stdout).toMatch(/bronze\.orders .*stopped: source\.gap/);
  });

  test("lets a line that is no record go to quarantine, but not one in forty: exits 4", async () => {
    makeTeaShop(folder);
    const items = [item({ order_id: "a" }), "not json \u001b[2J"];
    writeExport(join(folder, "raw"), { full: "2026-01-04T00:00:00Z", items }, { table: "orders" });
    const failed = await sluice(["run"], { folder });
    expect(failed.status).toBe(4);
    expect(failed.stderr).toContain("✗ quality.threshold");
    expect(failed.stderr + failed.stdout).not.toContain("\u001b");
  });

  test("says what was wrong with a configuration that cannot be read", async () => {
    makeTeaShop(folder);
    await writeFile(join(folder, "sluice.config.ts"), "export default {\n");
    const failed = await sluice(["plan"], { folder });
    expect(failed.status).toBe(2);
    expect(failed.stderr).toMatch(/✗ config\.unreadable .*\n.*sluice\.config\.ts/);
  });

  test("a window that arrives twice changes nothing the second time", async () => {
    makeTeaShop(folder);
    writeNextWindow(folder);
    expect(await sluice(["run"], { folder })).toMatchObject({ status: 0 });
    writeExport(
      join(folder, "raw"),
      { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", events: [] },
      { table: "orders", id: "01767312000000-ffffffff" },
    );
    expect((await sluice(["run"], { folder })).stdout).toContain("Nothing new");
  });
});
