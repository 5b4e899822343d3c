import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { item } from "../../../test/builders/dynamodb-item.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import { realWorld } from "../../base/index.ts";
import { localStore, type ObjectStore } from "../../storage/index.ts";

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const DAY = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"] as const;

const order = (id: string, total = 1) => item({ id, total });

function put(id: string, at: string = DAY[0]) {
  return { at, keys: item({ id }), after: order(id) };
}

describe("a damaged export (F44)", () => {
  test("whose data is cut short is refused by name", async () => {
    expect(await damage(({ data }) => edit(data, (bytes) => bytes.subarray(0, -6)))).toMatchObject({ code: "source.corrupt", facts: { file: expect.stringContaining(".json.gz") as unknown } }); // prettier-ignore
  });

  test("whose data has a flipped bit is refused", async () => {
    expect(await damage(({ data }) => edit(data, flipped))).toMatchObject({ code: "source.corrupt" });
  });

  test("whose data is missing is refused", async () => {
    expect(await damage(({ data }) => rmSync(data))).toMatchObject({ code: "source.missing", facts: { file: expect.stringContaining(".json.gz") as unknown } }); // prettier-ignore
  });

  test("whose data is behind a symbolic link is refused", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "sluice-elsewhere-"));
    const error = await damage(({ data }) => {
      renameSync(data, join(elsewhere, "file"));
      symlinkSync(join(elsewhere, "file"), data);
    });
    rmSync(elsewhere, { recursive: true });
    expect(error).toMatchObject({ code: "source.invalid" });
  });

  test.each(["manifest-summary.json", "manifest-files.json"])(
    "whose %s does not match its md5 is refused",
    async (name) => {
      const error = await damage(({ folder }) =>
        edit(join(folder, name), (bytes) => Buffer.concat([bytes, Buffer.from("\n")])),
      );
      expect(error).toMatchObject({
        code: "source.corrupt",
        facts: { file: expect.stringContaining(name) as unknown },
      });
    },
  );

  test.each(["manifest-summary.md5", "manifest-files.json", "manifest-files.md5"])(
    "that lacks %s is refused",
    async (name) => {
      expect(await damage(({ folder }) => rmSync(join(folder, name)))).toMatchObject({ code: "source.missing" });
    },
  );

  test("whose manifests count differently is refused", async () => {
    bench.add({ full: DAY[0], items: [order("a")] }, { summary: { itemCount: 2 } });
    const { plan, batches } = await bench.run();
    expect(plan.problem).toMatchObject({ code: "source.corrupt", facts: { items: 1, summary: 2 } });
    expect(batches).toEqual([]);
  });

  test("is where a run stops: what comes before it is taken, and the next run goes on", async () => {
    bench.add({ full: DAY[0], items: [order("a")] });
    bench.add({ from: DAY[0], to: DAY[1], events: [put("b")] });
    const damaged = bench.add({ from: DAY[1], to: DAY[2], events: [put("c")] });
    bench.add({ from: DAY[2], to: DAY[3], events: [put("d")] });
    const manifest = join(damaged, "manifest-files.json");
    renameSync(manifest, `${manifest}.away`);
    const first = await bench.run();
    expect(first.plan.problem).toMatchObject({ code: "source.missing" });
    expect(first.rows).toHaveLength(3);
    renameSync(`${manifest}.away`, manifest);
    const second = await bench.run(bench.source(), first);
    expect(second.plan.problem).toBeUndefined();
    expect(new Set(second.rows.map((row) => row["_key"]))).toEqual(new Set(["S:c", "S:d"]));
  });

  test.each([
    [{ outputFormat: "ION" }, "source.invalid"],
    [{ tableArn: "nothing" }, "source.corrupt"],
    [{ exportTime: "yesterday" }, "source.corrupt"],
    [{ itemCount: -1 }, "source.corrupt"],
    [{ exportType: "OTHER" }, "source.corrupt"],
  ])("whose summary says %j is refused", async (summary, code) => {
    bench.add({ full: DAY[0], items: [order("a")] }, { summary });
    expect((await bench.run()).plan.problem).toMatchObject({ code });
  });

  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "orders/AWSDynamoDB/../../x.json.gz",
    "AWSDynamoDB//x",
    "x.json.gz",
    "AWSDynamoDB/a\\b/c",
  ])("whose manifest leads to %s is refused", async (key) => {
    const folder = bench.add({ full: DAY[0], items: [order("a")] });
    const file = join(folder, "manifest-files.json");
    const line = JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), dataFileS3Key: key });
    writeFileSync(file, line);
    writeFileSync(join(folder, "manifest-files.md5"), createHash("md5").update(line).digest("base64"));
    expect((await bench.run()).plan.problem).toMatchObject({ code: "source.invalid", facts: { key } });
  });

  test("of another table is no matter", async () => {
    bench.add(
      { full: DAY[0], items: [order("a")] },
      { below: "other", table: "other", summary: { outputFormat: "ION" } },
    );
    bench.add({ full: DAY[0], items: [order("a")] });
    const { plan, rows } = await bench.run();
    expect(plan.problem).toBeUndefined();
    expect(rows).toHaveLength(2);
  });

  test("without a folder is missed", async () => {
    const store: ObjectStore = localStore(join(bench.folder, "nowhere"), { world: realWorld() });
    await expect(bench.run(bench.source({}, store))).rejects.toMatchObject({ code: "source.missing" });
  });
});

describe("a running export", () => {
  test("is left for a later run, named, and what lies behind it waits", async () => {
    bench.add({ full: DAY[0], items: [order("a")] });
    bench.add({ from: DAY[0], to: DAY[1], events: [] }, { state: "started", id: "01704153600000-running" });
    bench.add({ from: DAY[1], to: DAY[2], events: [put("b")] });
    const run = await bench.run();
    expect(run.plan.problem).toBeUndefined();
    expect(run.plan.waiting.map(({ what }) => what)).toEqual(["AWSDynamoDB/01704153600000-running", expect.stringContaining("01704240000000")]); // prettier-ignore
    bench.add({ from: DAY[0], to: DAY[1], events: [put("c")] }, { id: "01704153600000-running" });
    const later = await bench.run(bench.source(), run);
    expect(later.plan.waiting).toEqual([]);
    expect(new Set(later.rows.map((row) => row["_key"]))).toEqual(new Set(["S:b", "S:c"]));
  });
});

describe("an interrupted run", () => {
  test("stops staging", async () => {
    bench.add({ full: DAY[0], items: [order("a")] });
    const [channel] = bench.source().channels;
    const plan = await channel?.plan({ last: undefined });
    const [batch] = plan?.batches ?? [];
    if (batch === undefined) throw new Error("nothing planned");
    const staged = channel?.stage(batch, undefined, {
      world: realWorld(),
      folder: bench.folder,
      signal: AbortSignal.abort(),
    });
    await expect(staged).rejects.toMatchObject({ code: "run.interrupted" });
  });
});

/** What comes of an export that was changed after it was made: the plan's problem, or the failure of staging. */
async function damage(change: (paths: { readonly folder: string; readonly data: string }) => void): Promise<unknown> {
  const folder = bench.add({ full: DAY[0], items: [order("a"), order("b")] });
  const manifest = JSON.parse(readFileSync(join(folder, "manifest-files.json"), "utf8")) as { dataFileS3Key: string };
  change({ folder, data: join(bench.folder, manifest.dataFileS3Key.replace("orders/", "")) });
  return await bench.run().then(({ plan }) => plan.problem, (error: unknown) => error); // prettier-ignore
}

function edit(file: string, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, change(readFileSync(file)));
}

function flipped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => (index === 9 ? byte ^ 4 : byte)));
}
