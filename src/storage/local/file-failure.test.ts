import { expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import { fileFailure, pathFailure, unknownOutcome } from "./file-failure.ts";

const where = { path: "a/b", store: "file:///lake" };

test.each([
  ["ENOENT", "storage.missing"],
  ["EACCES", "storage.denied"],
  ["EPERM", "storage.denied"],
  ["EROFS", "storage.denied"],
  ["ENOSPC", "storage.full"],
  ["EDQUOT", "storage.full"],
  ["EFBIG", "storage.full"],
  ["ELOOP", "storage.invalid-path"],
  ["ENAMETOOLONG", "storage.invalid-path"],
  ["EIO", "storage.unavailable"],
  ["EMFILE", "storage.unavailable"],
  ["ESTALE", "storage.unavailable"],
] as const)("%s becomes %s and keeps its cause", (errno, code) => {
  const cause = Object.assign(new Error("system"), { code: errno });
  const failure = fileFailure(cause, "create", where);
  expect(failure.code).toBe(code);
  expect(failure.cause).toBe(cause);
  expect(failure.message).toContain(`path="a/b" store="file:///lake" reason="${errno}"`);
});

test("an error without a number is an unavailable store, a failure of ours stays itself", () => {
  expect(fileFailure(new TypeError("odd"), "read", where).code).toBe("storage.unavailable");
  expect(fileFailure("thrown text", "read", where).code).toBe("storage.unavailable");
  const ours = new SluiceError("storage.invalid-path", "Cannot use it");
  expect(fileFailure(ours, "read", where)).toBe(ours);
});

test("after the effect even a full disk is an unknown outcome, never a clean refusal", () => {
  const cause = Object.assign(new Error("system"), { code: "ENOSPC" });
  expect(unknownOutcome(cause, "create", where).code).toBe("storage.unavailable");
});

test("a path that cannot be used is named, with its own advice where there is one", () => {
  const cause = Object.assign(new Error("system"), { code: "EROFS" });
  const failure = pathFailure(cause, "make a folder", "/lake/spill", "Name another folder.");
  expect(failure).toMatchObject({ code: "storage.denied", advice: "Name another folder.", cause });
  expect(failure.message).toBe('Cannot make a folder: the file system is read-only path="/lake/spill" reason="EROFS"');
  expect(pathFailure(cause, "make a folder", "/lake").advice).toContain("permission");
});
