import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { removeColumnsOf } from "../../../test/builders/action-columns.ts";
import type { RemoveFile, Tombstone } from "../actions.ts";
import { FileColumns, REMOVES } from "./file-columns.ts";
import { Tombstones } from "./tombstones.ts";
import { fileKey } from "./vector-id.ts";

const names = fc.oneof(
  fc.constantFrom("a", "with space", "caf\u00E9/\u{1F600}", "a:b", "100%"),
  fc.nat(20).map((number) => `part-${number}.parquet`),
);
const removes = fc
  .record({
    path: names,
    offset: fc.option(fc.nat(2), { nil: undefined }),
    at: fc.option(fc.nat(9), { nil: undefined }),
    size: fc.option(fc.nat(5), { nil: undefined }),
  })
  .map(({ path, offset, at, size }): RemoveFile => ({
    path,
    dataChange: false,
    ...(at === undefined ? {} : { deletionTimestamp: at }),
    ...(size === undefined ? {} : { sizeBytes: size, partitionValues: { day: size === 0 ? null : String(size) } }),
    ...(offset === undefined
      ? {}
      : {
          deletionVector: { storageType: "u", pathOrInlineDv: "v", offset, sizeInBytes: 3, cardinality: 1 },
          extra: { baseRowId: 7 },
        }),
  }));
/** Files that are removed, or added again. */
const changes = fc.array(fc.tuple(removes, fc.boolean()), { maxLength: 8 });
const moments = fc.integer({ min: -1, max: 9 });

describe("tombstones of a version", () => {
  test("are those of a map by path and deletion vector, through any number of versions, less the expired", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(removes, { selector: fileKey, maxLength: 40 }),
        fc.array(fc.tuple(changes, moments, fc.boolean()), { maxLength: 12 }),
        (first, versions) => {
          let now = tombstonesOf(first);
          let model = new Map(first.map((remove) => [fileKey(remove), remove]));
          const seen: (readonly [Tombstones, ReadonlyMap<string, RemoveFile>, number])[] = [[now, model, -1]];
          let sinceMs = -1;
          for (const [version, moment, forgets] of versions) {
            model = new Map(model);
            const changed = new Map<string, RemoveFile | undefined>();
            for (const [remove, isGone] of version) {
              const key = fileKey(remove);
              changed.set(key, isGone ? undefined : remove);
              if (isGone) model.delete(key);
              else model.set(key, remove);
            }
            now = now.with(changed);
            sinceMs = Math.max(sinceMs, moment);
            if (forgets) {
              now = now.withoutExpired(sinceMs);
              for (const [key, remove] of model) if (isExpired(remove, sinceMs)) model.delete(key);
            }
            seen.push([now, model, sinceMs]);
          }
          for (const [mine, expected, since] of seen) expectSame(mine, expected, since);
          expect(seen).toHaveLength(versions.length + 1);
        },
      ),
    );
  });

  test("are forgotten together with their columns, once all have expired", () => {
    const three = tombstonesOf([1, 2, 3].map((at) => ({ path: `f${at}`, dataChange: false, deletionTimestamp: at })));
    expect(three.withoutExpired(2).columns?.size).toBe(3);
    expect(three.withoutExpired(3).columns).toBe(undefined);
    expect(three.with(new Map([["f3", undefined]])).withoutExpired(2).columns).toBe(undefined);
  });
});

function expectSame(mine: Tombstones, expected: ReadonlyMap<string, RemoveFile>, sinceMs: number): void {
  const [expired, unexpired] = [true, false].map((which) =>
    [...expected.values()].filter((remove) => isExpired(remove, sinceMs) === which).toSorted(byKey),
  );
  expect([...mine.unexpired(sinceMs)].toSorted(byKey)).toEqual(unexpired);
  expect([...mine.tombstones(sinceMs)].map(shown).toSorted()).toEqual(unexpired?.map(shown).toSorted());
  const forgotten = [...mine.expired(sinceMs)].filter((remove) => expected.has(fileKey(remove)));
  expect(forgotten.toSorted(byKey)).toEqual(expired);
  for (const remove of unexpired ?? []) expect(mine.get(fileKey(remove))).toEqual(remove);
  expect(mine.has("nowhere")).toBe(false);
}

function shown({ path, deletionVector, deletionTimestamp }: Tombstone): string {
  return JSON.stringify([path, deletionVector, deletionTimestamp ?? 0]);
}

function isExpired({ deletionTimestamp = 0 }: RemoveFile, sinceMs: number): boolean {
  return deletionTimestamp <= sinceMs;
}

function tombstonesOf(list: readonly RemoveFile[]): Tombstones {
  const columns = new FileColumns(REMOVES, { where: "here", root: { url: "memory://table" } });
  for (let start = 0; start < list.length; start += 16) {
    columns.take(removeColumnsOf(list.slice(start, start + 16)), {
      uri: (path, uri) => expect.fail(`${uri} is what we write for ${path}`),
      repeated: (number) => expect.fail(`${number} is there once`),
    });
  }
  return new Tombstones({ columns });
}

function byKey(left: RemoveFile, right: RemoveFile): number {
  return fileKey(left) < fileKey(right) ? -1 : 1;
}
