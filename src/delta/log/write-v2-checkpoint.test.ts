import { describe, expect, test } from "vitest";
import { must, parseJson, simulatedWorld, type JsonObject, type SluiceError } from "../../base/index.ts";
import { memoryStore, type ObjectStore } from "../../storage/index.ts";
import {
  LINES,
  TEXT_CHECKPOINTS,
  append,
  bytesOf,
  collected,
  commitFile,
  committed,
  latestOf,
  rewrite,
  shownSnapshot,
  tableWithHistory,
  testLog,
  textOf,
  warningLog,
} from "../../../test/delta-builders.ts";
import { openLog, protocolFor } from "../index.ts";
import { TableSnapshot } from "./table-snapshot.ts";
import { writeV2Checkpoint } from "./write-v2-checkpoint.ts";

const SECOND_FORM = { "delta.checkpointPolicy": "v2", "delta.checkpointInterval": "3" };
const TOP = /^_delta_log\/(\d{20})\.checkpoint\.[0-9a-f-]{36}\.parquet$/;

describe("a checkpoint of the second form", () => {
  test("is a file that names its sidecars; the hint names it; the table is read by it alone", async () => {
    const store = await tableWithHistory(4, SECOND_FORM);
    const expected = shownSnapshot(await testLog(store).latest());
    const [top = "", ...others] = (await pathsOf(store)).filter((path) => TOP.test(path));
    expect([TOP.exec(top)?.[1], others]).toEqual(["2".padStart(20, "0"), []]);
    const actions = await linesOf(store, top);
    expect(actions.filter((action) => "add" in action || "remove" in action)).toEqual([]);
    expect(actions.filter((action) => "checkpointMetadata" in action)).toEqual([
      { checkpointMetadata: { version: 2 } },
    ]);
    const sidecars = actions.flatMap(({ sidecar }) => (sidecar === undefined ? [] : [sidecar as JsonObject]));
    expect(sidecars).toHaveLength(1);
    const side = `_delta_log/_sidecars/${String(sidecars[0]?.["path"])}`;
    expect((await linesOf(store, side)).every((action) => "add" in action)).toBe(true);
    expect(sidecars[0]?.["sizeInBytes"]).toBe((await store.stat(side))?.sizeBytes);
    const [hint] = await linesOf(store, "_delta_log/_last_checkpoint");
    expect(hint).toMatchObject({
      version: 2,
      numOfAddFiles: 2,
      v2Checkpoint: { path: top.slice("_delta_log/".length) },
    });
    expect(hint?.["size"]).toBe(actions.length + 2);
    for (const version of [0, 1, 2]) await store.remove([commitFile(version)]);
    expect(shownSnapshot(await testLog(store).latest())).toEqual(expected);
  });

  test("has as many sidecars as its files fill, and says how much is to be read of it", async () => {
    const store = await tableWithHistory(25);
    const log = testLog(store);
    const snapshot = committed(await log.commit(rewrite(await latestOf(log), ["f3", "f4"])));
    const expected = shownSnapshot(snapshot);
    const files = Array.from({ length: 23 }, (_, index) => ({
      add: { path: `f${index}`, partitionValues: {}, size: 100, modificationTime: 1, dataChange: false },
    }));
    const features = protocolFor({ ...snapshot.metadata, configuration: SECOND_FORM });
    const head = [
      { protocol: { ...features } },
      ...(await linesOf(store, commitFile(0))).filter((one) => "metaData" in one),
    ];
    const world = simulatedWorld(1);
    const access = { store, world, checkpoints: TEXT_CHECKPOINTS, onWarning: () => undefined };
    const written = await writeV2Checkpoint(access, { version: 26, head: head as JsonObject[], files: [files] }, 10);
    const paths = await pathsOf(store);
    const sidecars = paths.filter((path) => path.includes("/_sidecars/"));
    const sizes = await Promise.all(sidecars.map(async (path) => (await linesOf(store, path)).length));
    expect(sizes.toSorted((left, right) => right - left)).toEqual([10, 10, 3]);
    expect(written.size).toBe(23 + 2 + 3 + 1);
    for (let version = 0; version <= 26; version += 1) await store.remove([commitFile(version)]);
    const read = await latestOf(testLog(store));
    expect(read.files.size).toBe(23);
    expect(read.version).toBe((expected as { version: number }).version);
    expect(read instanceof TableSnapshot ? read.state.length.checkpointBytes : 0).toBe(written.sizeInBytes);
  });

  test("of a table without files has none", async () => {
    const store = await tableWithHistory(0, { ...SECOND_FORM, "delta.checkpointInterval": "1" });
    expect((await pathsOf(store)).filter((path) => path.includes("/_sidecars/"))).toEqual([]);
    await store.remove([commitFile(0)]);
    expect((await latestOf(testLog(store))).files.size).toBe(0);
  });

  test("is not written where the table asks for the classic one, or does not have the feature", async () => {
    const store = await tableWithHistory(1, SECOND_FORM);
    const log = testLog(store);
    const { metadata, protocol } = await latestOf(log);
    expect(protocol.readerFeatures).toContain("v2Checkpoint");
    const configuration = { ...metadata.configuration, "delta.checkpointPolicy": "classic" };
    await log.commit(append(await latestOf(log), ["x"], { metadata: { ...metadata, configuration } }));
    expect((await pathsOf(store)).filter((path) => path.includes(".checkpoint."))).toEqual([
      commitFile(2).replace("json", "checkpoint.parquet"),
    ]);
  });

  test("that lost a sidecar is passed over as long as the commits are there", async () => {
    const store = await tableWithHistory(4, SECOND_FORM);
    const expected = shownSnapshot(await testLog(store).latest());
    const sidecar = must(
      (await pathsOf(store)).find((path) => path.includes("/_sidecars/")),
      "there is one",
    );
    await store.remove([sidecar]);
    const warnings: SluiceError[] = [];
    expect(shownSnapshot(await warningLog(store, warnings).latest())).toEqual(expected);
    expect(warnings[0]?.message).toContain(sidecar);
  });

  test("that cannot be read keeps all sidecars from being cleaned up", async () => {
    const world = simulatedWorld(1);
    const store = memoryStore({ world });
    const source = await tableWithHistory(9, SECOND_FORM);
    for (const path of await pathsOf(source)) await store.create(path, await source.read(path));
    const [first = ""] = (await pathsOf(store)).filter((path) => TOP.test(path));
    await store.replace(first, bytesOf(LINES.protocol));
    await store.create("_delta_log/_sidecars/orphan.parquet", bytesOf("\n"));
    await world.sleep(3 * 24 * 3_600_000);
    const warnings: SluiceError[] = [];
    const onWarning = (warning: SluiceError): void => void warnings.push(warning);
    const log = openLog(store, { world, checkpoints: TEXT_CHECKPOINTS, onWarning });
    expect((await log.cleanUp()).removed).toEqual([]);
    expect(warnings.map(({ message }) => message).join()).toContain(first);
  });
});

async function pathsOf(store: ObjectStore): Promise<string[]> {
  return (await collected(store.list("_delta_log/"))).map(({ path }) => path);
}

async function linesOf(store: ObjectStore, path: string): Promise<JsonObject[]> {
  const lines = textOf(await store.read(path)).split("\n");
  return lines.filter((line) => line !== "").map((line) => parseJson(line) as JsonObject);
}
