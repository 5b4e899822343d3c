import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { codeOf } from "../../../test/contracts/object-store/looking.ts";
import { flawOfEndpoint, isS3Url, readS3Url, s3Address, s3Url } from "./s3-options.ts";
import { s3Store } from "./s3-store.ts";

test.each([
  ["s3://bucket", { bucket: "bucket", prefix: "" }],
  ["s3://bucket/", { bucket: "bucket", prefix: "" }],
  ["s3://my.bucket-1/a/b/", { bucket: "my.bucket-1", prefix: "a/b" }],
  ["s3://bucket/a b%20c", { bucket: "bucket", prefix: "a b%20c" }],
  ["s3a://bucket/day=1", { bucket: "bucket", prefix: "day=1" }],
  ["S3://bucket/x", { bucket: "bucket", prefix: "x" }],
])("%s is an address", (url, address) => {
  expect(isS3Url(url)).toBe(true);
  expect(readS3Url(url)).toEqual(address);
});

test.each([
  "s3://",
  "s3:///x",
  "s3:bucket",
  "https://bucket/x",
  "s3://b/",
  "s3://key:secret@bucket/x",
  "s3://host:9000/x",
  "s3://bucket//x",
  "s3://bucket/a/../b",
  "s3://bucket/./b",
])("%s is no address", (url) => {
  expect(readS3Url(url)).toHaveProperty("flaw");
  expect(() => s3Address(url)).toThrow("Cannot use an S3 address");
});

test("a URL that shows a place leads back to it, once decoded", () => {
  const segment = fc.string({ unit: fc.constantFrom("a", " ", "%", "=", "é", "😀", "+"), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 3 }), (segments) => {
      const address = { bucket: "bucket", prefix: segments.join("/") };
      expect(readS3Url(decodeURIComponent(s3Url(address)))).toEqual(address);
    }),
  );
});

test.each(["https://minio.example.com", "https://10.0.0.1:9000", "http://localhost:7070", "http://127.0.0.1:7070"])(
  "%s is an endpoint",
  (endpoint) => {
    expect(flawOfEndpoint(endpoint)).toBeUndefined();
  },
);

test.each(["minio", "http://minio.example.com", "http://127.evil.com", "https://key:secret@host", "ftp://host"])(
  "%s is no endpoint (A45), and the message tells nothing of it",
  async (endpoint) => {
    expect(flawOfEndpoint(endpoint)).toBeDefined();
    const store = s3Store({ url: "s3://bucket", endpoint }, { world: simulatedWorld(1) });
    expect(await codeOf(store.read("x"))).toBe("config.invalid");
    await expect(store.read("x")).rejects.not.toThrow("secret");
  },
);

test("the SDK is loaded by the first request to S3, and by nothing else", async () => {
  const store = s3Store(
    { url: "s3://bucket/x", endpoint: "http://127.0.0.1:1", region: "x" },
    { world: simulatedWorld(1) },
  );
  expect(await codeOf(store.below("y").read("../z"))).toBe("storage.invalid-path");
  expect(isLoaded()).toBe(false);
  expect(["storage.unavailable", "storage.denied"]).toContain(await codeOf(store.read("z")));
  expect(isLoaded()).toBe(true);
});

function isLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("client-s3"));
}
