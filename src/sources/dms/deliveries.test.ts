import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DmsBench, bySequence, type DmsBucket, type DmsRun } from "../../../test/sources/dms-bench.ts";

let bench: DmsBench;
beforeAll(async () => {
  bench = await DmsBench.open();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

const FOLDER = "shop/orders";
const LOAD1 = `${FOLDER}/LOAD00000001.csv`;
const LOAD2 = `${FOLDER}/LOAD00000002.csv`;
const MINUTES = 60_000;

/** `epoch op key status`, in the order of the sequences. */
function events({ rows }: DmsRun): readonly string[] {
  const sorted = rows.toSorted(bySequence);
  return sorted.map((row) => {
    const epoch = Number(String(row["_sequence"]).slice(0, 4));
    return [epoch, row["_op"], row["_key"] ?? "", row["status"] ?? ""].map(String).join(" ").trimEnd();
  });
}

function changesAt(minute: number): string {
  return `${FOLDER}/20260101-00${String(minute).padStart(2, "0")}00000.csv`;
}

function orders(): DmsBucket {
  return bench.bucket({ columns: ["id", "status"] });
}

describe("a file", () => {
  test("is taken in once, also when it is touched or comes again with the same bytes", async () => {
    const bucket = orders();
    await bucket.put(changesAt(1), "I,1,a\n");
    await bucket.put(changesAt(2), "U,1,b\n");
    expect(events(await bucket.run())).toEqual(["0 I S:1 a", "0 U S:1 b"]);
    expect((await bucket.run()).plan.batches).toEqual([]);
    await bucket.put(changesAt(1), "I,1,a\n");
    await bucket.put(changesAt(3), "D,1,b\n");
    expect(events(await bucket.run())).toEqual(["0 D S:1 b"]);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("of changes that grows or is replaced stops the table, and what comes beside it is in", async () => {
    const bucket = orders();
    await bucket.put(changesAt(1), "I,1,a\n");
    await bucket.run();
    await bucket.put(changesAt(1), "I,1,a\nI,2,b\n");
    await bucket.put(changesAt(2), "I,3,c\n");
    const run = await bucket.run();
    expect(events(run)).toEqual(["0 I S:3 c"]);
    expect(run.plan.problem).toMatchObject({ code: "source.invalid", facts: { file: changesAt(1) } });
    await bucket.put(changesAt(1), "I,1,a\n");
    expect((await bucket.run()).plan).toMatchObject({ batches: [], skipped: [] });
  });

  test("that changes between the listing and the reading is left for the next run", async () => {
    const bucket = orders();
    await bucket.put(changesAt(1), "I,1,a\n");
    const [channel] = bucket.source.channels;
    const plan = await channel?.plan({ last: undefined });
    await bucket.put(changesAt(1), "I,1,b\n");
    const folder = mkdtempSync(join(tmpdir(), "sluice-dms-changed-"));
    const [batch] = plan?.batches ?? [];
    if (channel === undefined || batch === undefined) throw new Error("a batch is planned");
    const staged = channel.stage(batch, undefined, { world: bucket.world, folder });
    await expect(staged).rejects.toMatchObject({ code: "source.corrupt", facts: { file: changesAt(1) } });
    rmSync(folder, { recursive: true });
    expect(events(await bucket.run())).toEqual(["0 I S:1 b"]);
  });

  test("that is removed is not missed, and one that comes late to a time long gone is found", async () => {
    const bucket = orders();
    for (const day of ["0101", "0102", "0301", "0609"])
      await bucket.put(`${FOLDER}/2026${day}-120000000.csv`, `I,${day},a\n`);
    await bucket.run();
    await bucket.store.remove([`${FOLDER}/20260101-120000000.csv`]);
    expect((await bucket.run()).plan.batches).toEqual([]);
    await bucket.put(`${FOLDER}/20260102-110000000.csv`, "I,late,a\n");
    await bucket.put(`${FOLDER}/20260609-120100000.csv`, "I,new,a\n");
    expect(events(await bucket.run())).toEqual(["0 I S:late a", "0 I S:new a"]);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("is one of thousands that the memory has no list of", async () => {
    const bucket = orders();
    for (let index = 0; index < 150; index += 1) {
      const stamp = new Date(Date.UTC(2025, 0, 1) + index * 37 * 3_600_000)
        .toISOString()
        .replaceAll(/[-:T]|\.\d+Z/g, "");
      await bucket.put(`${FOLDER}/${stamp.slice(0, 8)}-${stamp.slice(8)}000.csv`, `I,${index},a\n`);
    }
    const first = await bucket.run();
    expect(first.rows).toHaveLength(150);
    expect(first.plan.batches.at(-1)?.end?.length).toBeLessThan(4_000);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });
});

describe("a full load", () => {
  test("comes file by file, before or behind changes, in one epoch", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    expect(events(await bucket.run())).toEqual(["0 R S:1 a"]);
    await bucket.put(changesAt(1), "U,2,c\n");
    expect(events(await bucket.run())).toEqual(["0 U S:2 c"]);
    await bucket.put(LOAD2, "2,b\n");
    expect(events(await bucket.run())).toEqual(["0 R S:2 b"]);
  });

  test("that replaces another begins an epoch; what was before goes when the load is whole", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.put(LOAD2, "2,a\n");
    await bucket.put(changesAt(1), "I,3,a\n");
    await bucket.run();
    await bucket.put(changesAt(2), "I,4,before\n");
    await bucket.put(LOAD1, "1,b\n");
    const started = await bucket.run();
    expect(events(started)).toEqual(["0 I S:4 before", "1 R S:1 b"]);
    expect(started.plan.waiting).toMatchObject([{ what: FOLDER }]);
    expect((await bucket.run()).plan).toMatchObject({ batches: [], waiting: [{ what: FOLDER }] });
    await bucket.put(LOAD2, "2,b\n");
    await bucket.put(changesAt(30), "U,1,c\n");
    const ended = await bucket.run();
    expect(events(ended)).toEqual(["1 T", "1 R S:2 b", "1 U S:1 c"]);
    expect(ended.plan.waiting).toEqual([]);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("without changes behind it is whole when it has been quiet for a while", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.run();
    await bucket.put(LOAD1, "2,b\n");
    expect(events(await bucket.run())).toEqual(["1 R S:2 b"]);
    await bucket.world.sleep(16 * MINUTES);
    const ended = await bucket.run();
    expect(ended.plan.batches.map(({ title }) => title)).toEqual(["the end of a full load"]);
    expect(events(ended)).toEqual(["1 T"]);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("may write some files with the same bytes again: they belong to it", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.put(LOAD2, "2,a\n");
    await bucket.put(changesAt(1), "U,1,z\n");
    await bucket.run();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.put(LOAD2, "2,b\n");
    await bucket.put(changesAt(30), "I,3,c\n");
    expect(events(await bucket.run())).toEqual(["1 T", "1 R S:1 a", "1 R S:2 b", "1 I S:3 c"]);
  });

  test("may come under other names after the first was removed", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.run();
    await bucket.store.remove([LOAD1]);
    await bucket.put(`${FOLDER}/LOAD00000001.csv.gz`, "2,b\n");
    await bucket.world.sleep(16 * MINUTES);
    expect(events(await bucket.run())).toEqual(["1 T", "1 R S:2 b"]);
  });

  test("leaves files of the one before, where that was longer: they are not read again", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.put(LOAD2, "2,a\n");
    await bucket.run();
    await bucket.put(LOAD1, "1,b\n");
    await bucket.world.sleep(16 * MINUTES);
    expect(events(await bucket.run())).toEqual(["1 T", "1 R S:1 b"]);
    await bucket.put(LOAD1, "1,c\n");
    await bucket.world.sleep(16 * MINUTES);
    expect(events(await bucket.run())).toEqual(["2 T", "2 R S:1 c"]);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("of a folder that was copied once more is the load that it was", async () => {
    const bucket = orders();
    const files = [[changesAt(1), "U,1,b\n"], [LOAD1, "1,a\n"], [LOAD2, "2,a\n"]] as const; // prettier-ignore
    for (const [path, content] of files) await bucket.put(path, content);
    await bucket.run();
    for (const [path, content] of files) await bucket.put(path, content);
    expect((await bucket.run()).plan.batches).toEqual([]);
  });

  test("has changes of the load before it that come late: they stay below it", async () => {
    const bucket = orders();
    await bucket.put(LOAD1, "1,a\n");
    await bucket.run();
    await bucket.put(changesAt(1), "U,1,late\n");
    await bucket.put(LOAD1, "1,b\n");
    await bucket.world.sleep(16 * MINUTES);
    expect(events(await bucket.run())).toEqual(["0 U S:1 late", "1 T", "1 R S:1 b"]);
  });
});
