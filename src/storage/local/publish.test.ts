import { link, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { publishNew } from "./publish.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-publish-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function publish(): Promise<"created" | "exists"> {
  return await publishNew(join(folder, "temporary"), join(folder, "final"), {
    where: { path: "final", store: folder },
    undo: async () => {
      throw new Error("nothing is to be undone");
    },
  });
}

test("a link of our own whose answer was lost counts as created", async () => {
  await writeFile(join(folder, "temporary"), "mine");
  await link(join(folder, "temporary"), join(folder, "final"));
  expect(await publish()).toBe("created");
  expect(await readdir(folder)).toEqual(["final"]);
});

test("another file of the same content does not", async () => {
  await writeFile(join(folder, "temporary"), "same");
  await writeFile(join(folder, "final"), "same");
  expect(await publish()).toBe("exists");
  expect(await readdir(folder)).toEqual(["final"]);
  expect(await readFile(join(folder, "final"), "utf8")).toBe("same");
});
