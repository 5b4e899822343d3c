import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFilePath, encodeFilePath } from "./file-path.ts";

describe("the path of a data file", () => {
  test("comes back from its URI, whatever the characters (U+0020 to U+00FF, emoji, what looks encoded)", () => {
    const every = Array.from({ length: 0xe0 }, (_, index) => String.fromCodePoint(0x20 + index)).filter(
      (c) => c !== "/",
    );
    for (const character of [...every, "\u{1f600}", "%25", "%2F", "a:b", "file:x"]) {
      expect(decodeFilePath(encodeFilePath(`p${character}/${character}q`), { url: "s3://t" })).toBe(
        `p${character}/${character}q`,
      );
      expect(decodeFilePath(encodeFilePath(`${character}q`), { url: "s3://t" })).toBe(`${character}q`);
    }
    const segment = fc.string({ unit: "binary", minLength: 1 }).map((text) => text.replaceAll(/[/\0]/g, "x"));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = segments.filter((one) => one !== "..").join("/") || "x";
        const uri = encodeFilePath(path);
        expect(uri).toMatch(/^[!-~]+$/);
        expect(decodeFilePath(uri, { url: "s3://t" })).toBe(path);
      }),
      { numRuns: 500 },
    );
  });

  test("is decoded once and never normalised", () => {
    expect(decodeFilePath("a%253Ab/c", { url: "s3://t" })).toBe("a%3Ab/c");
    expect(decodeFilePath("a//./b", { url: "s3://t" })).toBe("a//./b");
    expect(decodeFilePath("100%", { url: "s3://t" })).toBe("100%");
    expect(decodeFilePath("part=12:00:00/x", { url: "s3://t" })).toBe("part=12:00:00/x");
    expect(encodeFilePath("\ud800x")).toBe("\ud800x");
  });

  test("never leaves the table (A4, A5)", () => {
    for (const uri of ["../x", "a/../../x", "%2e%2e/x", "a/%2e%2e", "/x", "//x", "%2fx", "a%00b", ""]) {
      expect(() => decodeFilePath(uri, { url: "s3://bucket/t" })).toThrow(/Cannot use data file/);
    }
    for (const uri of [
      "s3://bucket/t2/x",
      "s3://bucket/t/../t2/x",
      "file:///t/x",
      "http://169.254.169.254/x",
      "C:\\x",
    ]) {
      expect(() => decodeFilePath(uri, { url: "s3://bucket/t" })).toThrow(/Cannot use data file/);
    }
    expect(decodeFilePath("s3://bucket/t/x", { url: "s3://bucket/t/" })).toBe("x");
  });

  test("is below the root by any of the names that Hadoop has for S3, and not by another's", () => {
    for (const scheme of ["s3", "s3a", "s3n", "S3A"]) {
      expect(decodeFilePath(`${scheme}://bucket/day=1/p%2520q/x`, { url: "s3://bucket/day%3D1" })).toBe("p%20q/x");
      expect(() => decodeFilePath(`${scheme}://bucket/t2/x`, { url: "s3://bucket/t" })).toThrow(
        /outside of the table's folder/,
      );
      expect(() => decodeFilePath(`${scheme}://other/t/x`, { url: "s3://bucket/t" })).toThrow(
        /outside of the table's folder/,
      );
    }
    expect(() => decodeFilePath("gs://bucket/t/x", { url: "s3://bucket/t" })).toThrow(/outside of the table's folder/);
  });

  test("may lie in a folder that is trusted besides, and comes back from its URI there, too", () => {
    const root = { url: "s3://bucket/t", outside: [{ url: "file:///a%20b/src" }, { url: "s3://other/x" }] };
    for (const [uri, path] of [
      ["file:/a%20b/src/p=1/x%2520y", "/file:///a b/src/p=1/x%20y"],
      ["file:///a%20b/src/z", "/file:///a b/src/z"],
      ["/a%20b/src/z", "/file:///a b/src/z"],
      ["s3a://other/x/ü:q", "/s3://other/x/ü:q"],
      ["s3://other/x/a%3Ab", "/s3://other/x/a:b"],
    ] as const) {
      expect(decodeFilePath(uri, root)).toBe(path);
      expect(decodeFilePath(encodeFilePath(path), root)).toBe(path);
      expect(encodeFilePath(path)).toMatch(/^[!-~]+$/);
    }
    expect(encodeFilePath("/file:///a b/src/z")).toBe("file:/a%20b/src/z");
    for (const uri of [
      "file:/a%20b/src",
      "file:/a%20b/src/",
      "file:/a%20b/srcx/y",
      "file:/a%20b/src/../y",
      "file:/a%20b/src/%2e%2e/y",
      "file:/a%20b/src//y",
      "file:/a%20b/src/%00",
      "s3://other/y",
      "s3://other/x",
      "gs://other/x/y",
    ]) {
      expect(() => decodeFilePath(uri, root)).toThrow(/Cannot use data file/);
    }
    // A path that only looks like one of there is one of here.
    expect(decodeFilePath("file%3A///a%20b/src/z", root)).toBe("file:///a b/src/z");
  });
});
