import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrivateFolder } from "../src/base/index.ts";

/** A folder for the files of one staged batch. */
export async function openTemporaryFolder(): Promise<PrivateFolder> {
  const path = await mkdtemp(join(tmpdir(), "sluice-stage-"));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}
