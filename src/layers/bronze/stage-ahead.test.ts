import { expect, test } from "vitest";
import { field, struct } from "../../contract/index.ts";
import type { PlannedBatch, StagedBatch } from "../../sources/index.ts";
import { stageAhead, type StageAhead } from "./stage-ahead.ts";

interface Bench extends StageAhead {
  /** What happened, in its order. */
  readonly said: string[];
  /** Folders that are there. */
  readonly folders: Set<string>;
}

function benchOf(titles: readonly string[], { broken }: { readonly broken?: string } = {}): Bench {
  const said: string[] = [];
  const folders = new Set<string>();
  let opened = 0;
  return {
    said,
    folders,
    batches: titles.map(batchOf),
    known: undefined,
    openFolder: async () => {
      const path = `folder ${(opened += 1)}`;
      folders.add(path);
      return { path, [Symbol.asyncDispose]: async () => void folders.delete(path) };
    },
    stage: async ({ title }, known, { folder, signal }) => {
      expect(folders).toContain(folder);
      said.push(`read ${title} after ${known?.fields.map((one) => one.name).join("") ?? "nothing"}`);
      signal.addEventListener("abort", () => said.push(`gave up ${title}`));
      await Promise.resolve();
      if (title === broken) throw new Error(`${title} is broken`);
      return stagedOf(title, known?.fields.map((one) => one.name) ?? []);
    },
  };
}

function batchOf(title: string): PlannedBatch {
  return { title, epoch: 0, files: [], start: "", end: "" };
}

function stagedOf(title: string, before: readonly string[]): StagedBatch {
  const schema = struct([...before, title].map((name) => field(name, "string")));
  return { relation: { sql: "", inputs: {} }, schema, files: [], rows: 0, unreadable: [] };
}

/** Lets everything go on that waits for nothing. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("each batch is read while the one before is committed, and knows the columns of those before it", async () => {
  const bench = benchOf(["a", "b", "c"]);
  for await (const { batch } of stageAhead(bench)) {
    await settled();
    expect(bench.folders.size).toBeLessThanOrEqual(2);
    bench.said.push(`committed ${batch.title}`);
  }
  expect(bench.said).toEqual([
    "read a after nothing",
    "read b after a",
    "committed a",
    "read c after ab",
    "committed b",
    "committed c",
    ...["a", "b", "c"].map((title) => `gave up ${title}`), // nobody listens any more
  ]);
  expect(bench.folders).toEqual(new Set());
});

test("a batch that cannot be read fails when its turn comes: the one before is committed", async () => {
  const bench = benchOf(["a", "b", "c"], { broken: "b" });
  const committed: string[] = [];
  const all = async (): Promise<void> => {
    for await (const { batch } of stageAhead(bench)) {
      await settled();
      committed.push(batch.title);
    }
  };
  await expect(all()).rejects.toThrow("b is broken");
  expect(committed).toEqual(["a"]);
  expect(bench.folders).toEqual(new Set());
});

test("when a commit fails, what is being read is given up and its folder goes", async () => {
  const bench = benchOf(["a", "b", "c"]);
  const all = async (): Promise<void> => {
    for await (const _ready of stageAhead(bench)) throw new Error("the commit failed");
  };
  await expect(all()).rejects.toThrow("the commit failed");
  expect(bench.said).toContain("gave up b");
  expect(bench.said).not.toContain("read c after ab");
  expect(bench.folders).toEqual(new Set());
});
