import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addColumnsOf } from "../../../test/builders/action-columns.ts";
import type { AddFile } from "../actions.ts";
import { ADDS, FileColumns } from "../log/file-columns.ts";
import { LayeredMap } from "../log/layered-map.ts";
import { LiveFiles } from "../log/live-files.ts";
import { fileMayMatch, type ColumnRange } from "./file-may-match.ts";
import { filesMatching } from "./files-matching.ts";
import { parseStats } from "./parse-stats.ts";
import { scanStats, scannedColumn } from "./scan-stats.ts";

const names = fc.constantFrom("id", "name", "__proto__", 'quo"ted', "caf\u00E9", "minValues", "");
const scalars = fc.oneof(
  fc.integer(),
  fc.constantFrom(
    "1.50",
    "1e3",
    "-0.1",
    "9007199254740993",
    "null",
    "true",
    '"a\\"b"',
    '"\\u00e9"',
    '"}{,:"',
    '[1,{"a":2}]',
  ),
  fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => JSON.stringify(text)),
);
const objects = fc.dictionary(names, scalars, { maxKeys: 4, noNullPrototype: true }).map(
  (members) =>
    `{${Object.entries(members)
      .map(([name, value]) => `${JSON.stringify(name)}:${value}`)
      .join(",")}}`,
);
/** As writers write them, and texts that are broken or of another form. */
const stats = fc
  .record(
    {
      numRecords: fc.oneof(fc.nat(9).map(String), fc.constantFrom('"7"', "-1", "1.5")),
      minValues: objects,
      maxValues: objects,
      nullCount: objects,
      tightBounds: fc.constant("true"),
      other: scalars,
    },
    { requiredKeys: [] },
  )
  .chain((members) => {
    const text = `{${Object.entries(members)
      .map(([name, value]) => `"${name}":${value}`)
      .join(",")}}`;
    return fc.oneof(
      { weight: 6, arbitrary: fc.constant(text) },
      fc.constantFrom(
        text.slice(0, -1),
        `${text} `,
        text.replaceAll(":", ": "),
        text.replace("min", "\\u006din"),
        "",
        "7",
        "[]",
      ),
    );
  });

describe("statistics of some columns", () => {
  test("are those that the whole text parses to, or it is left to the parser", () => {
    let scanned = 0;
    fc.assert(
      fc.property(stats, fc.uniqueArray(names, { minLength: 1 }), (text, columns) => {
        const bytes = Buffer.from(`xx${text}`);
        const found = scanStats(bytes, { start: 2, end: bytes.length }, columns.map(scannedColumn));
        if (found === undefined) return;
        scanned += 1;
        const whole = parseStats(text);
        expect(whole).toBeDefined();
        expect(found.numRecords).toBe(whole?.numRecords);
        for (const column of columns) {
          for (const section of ["minValues", "maxValues", "nullCount"] as const) {
            expect(own(found[section], column)).toEqual(own(whole?.[section] ?? {}, column));
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(scanned).toBeGreaterThan(200);
  });
});

describe("files that may hold a row", () => {
  const values = fc.integer({ min: 0, max: 9 });
  const files = fc.uniqueArray(
    fc
      .record({
        path: fc.nat(50).map((n) => `f${n}`),
        day: fc.option(values.map(String)),
        low: values,
        more: values,
        has: fc.boolean(),
      })
      .map(({ path, day, low, more, has }): AddFile => ({
        path,
        partitionValues: { day },
        sizeBytes: 1,
        modificationTime: 0,
        dataChange: false,
        ...(has
          ? {
              stats: `{"numRecords":3,"minValues":{"id":${low},"s":{"x":${low}}},"maxValues":{"id":${low + more},"s":{"x":${low + more}}},"nullCount":{"id":0}}`,
            }
          : {}),
      })),
    { selector: (file) => file.path },
  );
  const ranges = fc.array(
    fc
      .record({
        path: fc.constantFrom(["day"], ["id"], ["s", "x"], ["unknown"]),
        min: values,
        more: values,
        nulls: fc.boolean(),
      })
      .map(({ path, min, more, nulls }): ColumnRange => ({ path, type: "long", min, max: min + more, nulls })),
    { maxLength: 3 },
  );

  test("are the same in columns and one by one", () => {
    fc.assert(
      fc.property(files, files, ranges, fc.option(values.map(String)), (listed, later, wanted, day) => {
        const columns = new FileColumns(ADDS, { where: "here", root: { url: "memory://" } });
        columns.take(addColumnsOf(listed), { uri: () => undefined, repeated: () => undefined });
        const model = new Map([...listed, ...later].map((file) => [file.path, file]));
        const live = new LiveFiles({
          columns,
          passedOver: new Set(),
          changes: new LayeredMap(),
          size: listed.length,
        }).with(new Map(later.map((file) => [file.path, file])), model.size);
        const covers = day === null ? undefined : (of: AddFile["partitionValues"]): boolean => of["day"] === day;
        const expected = [...model.values()].filter(
          (file) =>
            (covers?.(file.partitionValues) ?? true) &&
            fileMayMatch({ stats: parseStats(file.stats), partitionValues: file.partitionValues }, wanted),
        );
        expect(pathsOf(filesMatching(live, { ranges: wanted, covers }))).toEqual(pathsOf(expected));
        expect(pathsOf(filesMatching(model, { ranges: wanted, covers }))).toEqual(pathsOf(expected));
      }),
      { numRuns: 300 },
    );
  });
});

function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function pathsOf(files: readonly AddFile[]): readonly string[] {
  return files.map((file) => file.path).toSorted();
}
