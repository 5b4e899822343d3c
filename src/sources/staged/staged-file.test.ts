import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import { duckdbEngine } from "../../engine/index.ts";
import { BooleanColumn, BytesColumn, LongColumn, type ColumnKind } from "./columns.ts";
import { StagedFileWriter, finishStagedFile } from "./staged-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-parquet-"));
const engine = await duckdbEngine({
  memoryBytes: 256 * 1_048_576,
  threads: 1,
  spillFolder: folder,
  world: realWorld(),
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const KINDS = {
  text: { name: "text", physical: "bytes", logical: "text", isList: false },
  flag: { name: "flag", physical: "boolean", logical: "none", isList: false },
  moment: { name: "moment", physical: "long", logical: "timestamp", isList: false },
  texts: { name: "texts", physical: "bytes", logical: "text", isList: true },
  flags: { name: "flags", physical: "boolean", logical: "none", isList: true },
} as const satisfies Record<string, ColumnKind>;

const LATER: readonly ColumnKind[] = [
  { name: "later", physical: "bytes", logical: "text", isList: false },
  { name: "laterList", physical: "boolean", logical: "none", isList: true },
];

interface Written {
  readonly text: string | null;
  readonly flag: boolean | null;
  readonly moment: number | null;
  readonly texts: readonly string[] | null;
  readonly flags: readonly boolean[] | null;
}

const anyRow: fc.Arbitrary<Written> = fc.record({
  text: fc.option(fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.toWellFormed())),
  flag: fc.option(fc.boolean()),
  moment: fc.option(fc.integer({ min: 0, max: 2 ** 52 })),
  texts: fc.option(fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 })),
  flags: fc.option(fc.array(fc.boolean(), { maxLength: 20 })),
});

describe("a staged file", () => {
  test("gives back its rows: nulls, lists, several groups, and columns that came later", async () => {
    let files = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRow, { minLength: 1, maxLength: 300 }), { maxLength: 3 }),
        async (groups) => {
          files += 1;
          const file = join(folder, `${files}.parquet`);
          writeGroups(file, groups);
          const rows = await engine.rows({ sql: "SELECT * FROM staged", inputs: { staged: { kind: "parquet", files: [file] } } }); // prettier-ignore
          const expected = groups.flat().map(({ moment, ...row }) => ({
            ...row,
            moment: moment === null ? null : BigInt(moment),
            later: null,
            laterList: null,
            same: "constant",
          }));
          expect(rows.map((row) => ({ ...row }))).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });
});

function writeGroups(file: string, groups: readonly (readonly Written[])[]): void {
  const text = new BytesColumn(KINDS.text);
  const flag = new BooleanColumn(KINDS.flag);
  const moment = new LongColumn(KINDS.moment);
  const texts = new BytesColumn(KINDS.texts);
  const flags = new BooleanColumn(KINDS.flags);
  const columns = [text, flag, moment, texts, flags];
  const writer = new StagedFileWriter(file);
  const value = Buffer.concat([Buffer.from([8, 0, 0, 0]), Buffer.from("constant")]);
  const same: ColumnKind = { name: "same", physical: "bytes", logical: "text", isList: false };
  for (const rows of groups) {
    for (const [index, row] of rows.entries()) {
      for (const column of columns) column.open();
      // What is undone leaves no trace.
      appendText(text, "undone");
      text.undo();
      if (row.text !== null) appendText(text, row.text);
      if (row.flag !== null) flag.appendBoolean(row.flag);
      if (row.moment !== null) moment.appendLong(row.moment);
      for (const one of row.texts ?? []) appendText(texts, one);
      for (const one of row.flags ?? []) flags.appendBoolean(one);
      for (const column of columns) if (row[column.kind.name as keyof Written] !== null) column.commit(index);
    }
    writer.writeGroup(rows.length, columns, [{ kind: same, value }]);
  }
  finishStagedFile(writer.close(), [...Object.values(KINDS), ...LATER, same]);
}

function appendText(column: BytesColumn, text: string): void {
  const bytes = Buffer.from(text);
  column.openValue();
  column.append(bytes, 0, bytes.length);
  column.closeValue();
}
