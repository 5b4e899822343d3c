import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processFolderPrefix, sweepProcessFolders } from "./process-folder.ts";

test("folders of processes that are gone are swept, of any kind; those of others are not", async () => {
  const parent = await mkdtemp(join(tmpdir(), "sluice-sweep-"));
  try {
    const { pid: gone } = spawnSync(process.execPath, ["--version"]);
    const ours = (["engine", "stage"] as const).map((kind) => `${processFolderPrefix(kind)}x`);
    const theirs = ours.map((name) => name.replace(`-${process.pid}-`, `-${gone}-`));
    const others = ["stage-elsewhere-1-x", "stage-old", "data"];
    for (const name of [...ours, ...theirs, ...others]) await mkdir(join(parent, name, "in"), { recursive: true });
    await sweepProcessFolders(parent);
    expect((await readdir(parent)).toSorted()).toEqual([...ours, ...others].toSorted());
    await sweepProcessFolders(join(parent, "nothing"));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
