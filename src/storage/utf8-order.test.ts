import fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "./utf8-order.ts";

const texts = fc.string({
  unit: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", "\uFFFF", "\uE000", "😀")),
});

test("texts compare as their UTF-8 bytes do", () => {
  fc.assert(
    fc.property(texts, texts, texts, (head, left, right) => {
      const bytewise = Buffer.compare(Buffer.from(head + left), Buffer.from(head + right));
      expect(Math.sign(compareUtf8(head + left, head + right))).toBe(bytewise);
    }),
    {
      numRuns: 500,
      examples: [
        ["", "\uFFFF", "😀"],
        ["", "\uE000", "\u{10000}"],
        ["😀", "", "a"],
      ],
    },
  );
});
