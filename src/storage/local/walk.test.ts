import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { walkFiles } from "./walk.ts";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-walk-"));
  for (const day of ["day=1", "day=2", "day=3"]) {
    for (const file of ["part=a/x", "part=b/x", "x"]) await put(`${day}/${file}`);
  }
  await put("other/x");
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

test("folders that lie wholly before the start are not read", async () => {
  expect(await walked({ prefix: "", after: "day=2/part=a/x" })).toEqual({
    paths: ["day=2/part=b/x", "day=2/x", "day=3/part=a/x", "day=3/part=b/x", "day=3/x", "other/x"],
    read: ["", "day=2/", "day=2/part=a/", "day=2/part=b/", "day=3/", "day=3/part=a/", "day=3/part=b/", "other/"],
  });
  expect((await walked({ prefix: "", after: "p" })).read).toEqual([""]);
});

test("folders outside the prefix are not read", async () => {
  expect(await walked({ prefix: "day=3/part=b" })).toEqual({
    paths: ["day=3/part=b/x"],
    read: ["", "day=3/", "day=3/part=b/"],
  });
});

async function walked(from: { prefix: string; after?: string }): Promise<{ paths: string[]; read: string[] }> {
  const read: string[] = [];
  const locate = (head: string): string => {
    read.push(head);
    return join(root, head);
  };
  const paths: string[] = [];
  for await (const path of walkFiles("", { ...from, locate })) paths.push(path);
  return { paths, read };
}

async function put(path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), "");
}
