import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import type { S3Options } from "./s3-options.ts";
import { s3Store } from "./s3-store.ts";

const NAMES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWS_ENDPOINT_URL",
  "AWS_REGION",
  "AWS_USE_FIPS_ENDPOINT",
] as const;

describe("what another client needs to read a place in S3", () => {
  let before: (string | undefined)[] = [];
  beforeEach(() => {
    before = NAMES.map((name) => process.env[name]);
    for (const name of NAMES) delete process.env[name];
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
  });
  afterEach(() => {
    for (const [index, name] of NAMES.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  test.each<[string, S3Options, object]>([
    [
      "of AWS the bucket's own host in its region",
      { url: "s3://lake/a b", region: "eu-west-1" },
      { host: "s3.eu-west-1.amazonaws.com", pathStyle: false, secure: true, region: "eu-west-1" },
    ],
    [
      "of another partition its own hosts",
      { url: "s3://lake", region: "cn-north-1" },
      { host: "s3.cn-north-1.amazonaws.com.cn", pathStyle: false, secure: true },
    ],
    [
      "a path where the name of the bucket would break the certificate",
      { url: "s3://lake.example.com/x", region: "eu-west-1" },
      { host: "s3.eu-west-1.amazonaws.com", pathStyle: true, secure: true },
    ],
    [
      "the endpoint, with its port",
      { url: "s3://lake/x", endpoint: "http://127.0.0.1:9000" },
      { host: "127.0.0.1:9000", pathStyle: true, secure: false, region: "us-east-1" },
    ],
    [
      "the endpoint, with the bucket in its name where that is said",
      { url: "s3://lake/x", endpoint: "https://minio.example.com", pathStyle: false },
      { host: "minio.example.com", pathStyle: false, secure: true },
    ],
  ])("is %s", async (_what, options, expected) => {
    expect(await granted(options)).toMatchObject({ kind: "granted", accessKeyId: "key", ...expected });
  });

  test("follows the environment, as our own requests do", async () => {
    process.env["AWS_ENDPOINT_URL"] = "https://r2.example.com";
    expect(await granted({ url: "s3://lake/x" })).toMatchObject({ host: "r2.example.com", pathStyle: true });
    delete process.env["AWS_ENDPOINT_URL"];
    Object.assign(process.env, { AWS_REGION: "us-east-2", AWS_USE_FIPS_ENDPOINT: "true" });
    expect(await granted({ url: "s3://lake/x" })).toMatchObject({ host: "s3-fips.us-east-2.amazonaws.com" });
  });

  test("has the credentials with their token and their end", async () => {
    const end = "2030-01-02T03:04:05.000Z";
    Object.assign(process.env, { AWS_SESSION_TOKEN: "token", AWS_CREDENTIAL_EXPIRATION: end });
    expect(await granted({ url: "s3://lake/x", region: "eu-west-1" })).toMatchObject({
      accessKeyId: "key",
      secretAccessKey: "secret",
      sessionToken: "token",
      expiresMs: Date.parse(end),
    });
  });

  test("is not given where a request has to say more, or goes to a path", async () => {
    const url = "s3://lake/x";
    expect(await granted({ url, region: "eu-west-1", bucketOwner: "123456789012" })).toMatchObject({ kind: "refused" });
    expect(await granted({ url, endpoint: "https://gateway.example.com/s3" })).toMatchObject({ kind: "refused" });
  });

  test("is of the whole place, and of each store below it the own part", () => {
    const store = s3Store({ url: "s3a://lake/day=1/a b/" }, { world: realWorld() });
    const below = store.below("c%20d");
    expect(store.s3).toMatchObject({ bucket: "lake", prefix: "day=1/a b" });
    expect(below.s3).toMatchObject({ bucket: "lake", prefix: "day=1/a b/c%20d" });
    expect(below.s3?.connection).toBe(store.s3?.connection);
    expect(below.s3?.connection.root).toBe("s3://lake/day=1/a b/");
  });
});

async function granted(options: S3Options): Promise<object> {
  return (await s3Store(options, { world: realWorld() }).s3?.connection.grant()) ?? {};
}
