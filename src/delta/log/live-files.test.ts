import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addColumnsOf } from "../../../test/builders/action-columns.ts";
import type { AddFile, FilePlace } from "../actions.ts";
import { ADDS, FileColumns } from "./file-columns.ts";
import { LayeredMap } from "./layered-map.ts";
import { LiveFiles } from "./live-files.ts";

const ROOT = "memory://table";

const names = fc.oneof(
  fc.constantFrom(
    "a.parquet",
    "b.parquet",
    "day=2024-01-01/c.parquet",
    "x..y",
    "with space",
    "caf\u00E9/\u{1F600}",
    "a:b",
    "100%",
  ),
  fc.nat(60).map((number) => `part-${number}.parquet`),
);
const vectors = fc.option(fc.nat(3), { nil: undefined });
const files = fc
  .record({ path: names, size: fc.nat(5), vector: vectors, stats: fc.option(fc.constant('{"numRecords":1}')) })
  .map((one): AddFile => ({
    path: one.path,
    partitionValues: { day: one.size === 0 ? null : String(one.size) },
    sizeBytes: one.size,
    modificationTime: 7,
    dataChange: false,
    ...(one.stats === null ? {} : { stats: one.stats }),
    ...(one.vector === undefined
      ? {}
      : {
          deletionVector: {
            storageType: "u",
            pathOrInlineDv: `v${one.vector}`,
            sizeInBytes: 3,
            cardinality: one.vector,
          },
        }),
  }));
const changes = fc.array(fc.tuple(names, fc.option(files, { nil: undefined })), { maxLength: 8 });

describe("files of a version", () => {
  test("are those of a map, through any number of versions, each of which stays as it is", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(files, { selector: pathOf, maxLength: 40 }),
        fc.array(changes, { maxLength: 12 }),
        (first, versions) => {
          let live = liveFiles(first);
          let model = new Map(first.map((file) => [file.path, file]));
          const seen: (readonly [LiveFiles, ReadonlyMap<string, AddFile>])[] = [[live, model]];
          for (const version of versions) {
            model = new Map(model);
            const changed = new Map<string, AddFile | undefined>();
            for (const [path, file] of version) {
              const now = file === undefined ? undefined : { ...file, path };
              changed.set(path, now);
              if (now === undefined) model.delete(path);
              else model.set(path, now);
            }
            live = live.with(changed, model.size);
            seen.push([live, model]);
          }
          for (const [mine, expected] of seen) expectSame(mine, expected);
          expect(live.size).toBe(model.size);
        },
      ),
    );
  });

  test("of a path that a checkpoint has twice are told once, and the other row is named", () => {
    const columns = new FileColumns(ADDS, { where: "here", root: { url: ROOT } });
    const repeated: number[] = [];
    columns.take(addColumnsOf([sized(1), sized(2)]), {
      uri: () => undefined,
      repeated: (number) => repeated.push(number),
    });
    expect(columns.size).toBe(1);
    expect(repeated.map((number) => columns.at(number).sizeBytes)).toEqual([2]);
  });
});

describe("a layered map", () => {
  test("has few layers, however many versions made it", () => {
    let map = new LayeredMap<number>();
    for (let version = 0; version < 5000; version += 1) map = map.with(new Map([[`key ${version}`, version]]));
    expect(map.layers).toBeLessThanOrEqual(13);
    expect([...map.values()].length).toBe(5000);
  });
});

function sized(sizeBytes: number): AddFile {
  return { path: "a", partitionValues: {}, sizeBytes, modificationTime: 0, dataChange: false };
}

function expectSame(live: LiveFiles, model: ReadonlyMap<string, AddFile>): void {
  expect(live.size).toBe(model.size);
  expect([...live.values()].toSorted(byPath)).toEqual([...model.values()].toSorted(byPath));
  expect([...live.keys()].toSorted()).toEqual([...model.keys()].toSorted());
  const places = [...live.values()].map(placeOf).toSorted(byPath);
  expect([...live.places()].map(placeOf).toSorted(byPath)).toEqual(places);
  for (const path of [...model.keys(), "part-1.parquet", "nowhere"]) {
    expect(live.get(path)).toEqual(model.get(path));
    expect(live.has(path)).toBe(model.has(path));
  }
}

function liveFiles(list: readonly AddFile[]): LiveFiles {
  const columns = new FileColumns(ADDS, { where: "here", root: { url: ROOT } });
  for (let start = 0; start < list.length; start += 16) {
    columns.take(addColumnsOf(list.slice(start, start + 16)), {
      uri: (path, uri) => expect.fail(`${uri} is what we write for ${path}`),
      repeated: (number) => expect.fail(`${number} is there once`),
    });
  }
  return new LiveFiles({ columns, passedOver: new Set(), changes: new LayeredMap(), size: list.length });
}

function pathOf(file: AddFile): string {
  return file.path;
}

function placeOf({ path, deletionVector }: FilePlace): FilePlace {
  return { path, ...(deletionVector === undefined ? {} : { deletionVector }) };
}

function byPath(left: FilePlace, right: FilePlace): number {
  return left.path < right.path ? -1 : 1;
}
