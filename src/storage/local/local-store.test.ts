import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { objectStoreSuite } from "../../../test/contracts/object-store-suite.ts";
import { localStore } from "./local-store.ts";

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

objectStoreSuite("local", async () => localStore(join(await newFolder(), "new", "lake")));
