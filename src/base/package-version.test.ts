import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { packageVersion } from "./package-version.ts";

test("the version is the manifest's", () => {
  expect(packageVersion()).toBe(manifest.version);
});
