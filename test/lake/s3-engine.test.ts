import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { field, struct } from "../../src/contract/index.ts";
import { duckdbEngine } from "../../src/engine/index.ts";
import { s3Store } from "../../src/storage/index.ts";
import { engineSuite } from "../contracts/engine-suite.ts";
import { lakeUnderTest, type MakeEngine } from "../contracts/engine/lake-under-test.ts";
import { httpfsFile, requirePart } from "../services/parts.ts";
import { startVersityGw, type S3Server } from "../services/s3-servers.ts";

const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";

describe.skipIf(!requirePart("versitygw") || !requirePart("httpfs"))("tables in S3, read by httpfs alone", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersityGw();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const make: MakeEngine = Object.assign(
    async ({ world, spillFolder }: Parameters<MakeEngine>[0]) =>
      await duckdbEngine({
        world,
        spillFolder,
        memoryBytes: 512 * 2 ** 20,
        threads: 2,
        s3Roots: [`s3://${server.bucket}/`],
        httpfs: httpfsFile(),
        remoteBytesMin: 1,
      }),
    {
      remote: (name: string) =>
        s3Store({ url: `s3://${server.bucket}/${name}`, endpoint: server.endpoint }, { world: realWorld() }),
    },
  );

  if (IS_NIGHT) engineSuite("DuckDB over httpfs", make);

  test("are made, changed and read, however small their files are", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    const schema = struct([field("id", "long"), field("note", "string")]);
    await table.create({ schema, properties: { "delta.enableDeletionVectors": "true" } }, [
      { id: 1n, note: "a" },
      { id: 2n, note: "b" },
    ]);
    await table.append(schema, [{ id: 3n, note: "c" }]);
    await lake.engine.delete(await table.open(), "id = 2");
    await lake.engine.optimize(await table.open());
    expect(await table.rows("select * from t order by id")).toEqual([
      { id: 1n, note: "a" },
      { id: 3n, note: "c" },
    ]);
    expect(await table.rows("select count(*) as n from t", 1)).toEqual([{ n: 3n }]);
  });
});
