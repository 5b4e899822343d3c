import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paintFor } from "./paint.ts";
import { textTable, textTablePages } from "./text-table.ts";
import { cutToWidth, textWidth } from "./text-width.ts";

const paint = paintFor(false);
const COLUMNS = [{ title: "name" }, { title: "rows", align: "right" as const }, { title: "note" }];

describe("textTable", () => {
  test("aligns columns, numbers to the right, without blanks at the end", () => {
    expect(
      textTable(
        COLUMNS,
        [
          ["a", "1", ""],
          ["longer", "1,000", "x"],
        ],
        { paint },
      ),
    ).toBe("name     rows  note\na           1\nlonger  1,000  x\n");
  });

  test("counts cells, not characters", () => {
    expect(
      textTable(
        COLUMNS,
        [
          ["世界", "1", "x"],
          ["e\u0301", "2", "y"],
          ["👍", "3", "z"],
        ],
        { paint },
      ),
    ).toBe("name  rows  note\n世界     1  x\ne\u0301        2  y\n👍       3  z\n");
  });

  test("cuts the widest columns where a row would not fit", () => {
    const table = textTable(COLUMNS, [["n".repeat(40), "1", "m".repeat(30)]], { paint, width: 50 });
    for (const line of table.trimEnd().split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(50);
    expect(table).toContain("…");
  });

  test("never cuts a column to less than can be read", () => {
    expect(textTable(COLUMNS, [["n".repeat(12), "1", "m".repeat(12)]], { paint, width: 10 })).toContain("n".repeat(12));
  });

  test("paints cells after it has padded them", () => {
    const colours = paintFor(true);
    const table = textTable(COLUMNS, [[{ text: "a", paint: colours.red }, "1", "x"]], { paint: colours });
    expect(table.split("\n")[1]).toBe("\u001b[31ma   \u001b[39m     1  x");
  });

  test("says its titles once over several pages", () => {
    const page = textTablePages([{ title: "a" }, { title: "b" }], { paint });
    expect(page([["1", "2"]]) + page([["100", "2"]])).toBe("a  b\n1  2\n100  2\n");
  });
});

test("a cut text is as wide as asked, or as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, cells) => {
      const cut = cutToWidth(text, cells);
      expect(textWidth(cut)).toBeLessThanOrEqual(Math.max(cells, 1));
      if (textWidth(text) <= cells) expect(cut).toBe(text);
    }),
  );
});
