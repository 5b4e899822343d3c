import { describe, expect, test } from "vitest";
import {
  bronze,
  defineLake,
  dynamodb,
  resolveLake,
  type DefinedLake,
  type LakeDefinition,
  type Location,
} from "./index.ts";

const orders = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: "./raw" }) });

describe("a lake in S3", () => {
  test("has a folder a layer below one place, and spills beside the configuration", () => {
    const { roots, engine } = resolved(defineLake({ name: "shop", storage: "s3://lake/shop", tables: [orders] }));
    expect(roots.bronze).toEqual({ url: "s3://lake/shop", folder: "bronze" });
    expect(roots.system).toEqual({ url: "s3://lake/shop", folder: "system" });
    expect(engine.spill).toBe("/project/shop/.sluice/spill");
  });

  test("may have a place, a key and an owner for each layer, and local ones among them", () => {
    const silverPlace = {
      url: "s3://silver",
      region: "eu-west-1",
      endpoint: "http://minio:9000",
      pathStyle: false,
      insecure: true,
      kmsKey: "alias/silver",
      bucketOwner: "123456789012",
      tags: { layer: "silver" },
      singleWriter: true,
    };
    const storage = { bronze: "b", silver: silverPlace, gold: "s3://gold/x", quarantine: "s3://gold/y", system: "sys" };
    const { roots, engine } = resolved(defineLake({ name: "shop", storage, tables: [orders] }));
    expect(roots).toEqual({
      bronze: "/project/shop/b",
      silver: silverPlace,
      gold: { url: "s3://gold/x" },
      quarantine: { url: "s3://gold/y" },
      system: "/project/shop/sys",
    });
    expect(engine.spill).toBe("/project/shop/sys/spill");
  });

  test("has two layers at one URL where two endpoints have it, and never one place for two", () => {
    const url = "s3://lake/x";
    const others = { silver: "s3", gold: "g", quarantine: "q", system: "sys" };
    const lakeOf = (first: Location, second: Location): DefinedLake =>
      defineLake({ name: "shop", storage: { ...others, bronze: first, silver: second }, tables: [orders] });
    const [one, other] = ["https://one.example.com", "https://other.example.com/"];
    expect(resolved(lakeOf({ url, endpoint: one }, { url, endpoint: other })).roots.silver).toMatchObject({ url });
    const twice = lakeOf({ url, endpoint: `${one}/` }, { url: "s3a://lake/x/", endpoint: one });
    expect(() => resolved(twice)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path: "storage.silver" })] }),
    );
  });

  test("is fed from S3 too", () => {
    const place = { url: "s3://raw/orders/", region: "eu-west-1" };
    for (const [exports, expected] of [
      ["s3://raw/orders/", { url: "s3://raw/orders/" }] as const,
      [place, place] as const,
    ]) {
      const fed = bronze("orders", { source: dynamodb({ table: "orders", keys: ["order_id"], export: exports }) });
      const { tables } = resolved(defineLake({ name: "shop", storage: "./lake", tables: [fed] }));
      expect(tables).toMatchObject([{ source: { exports: { folder: expected } } }]);
    }
  });
});

function resolved(lake: DefinedLake): LakeDefinition {
  return resolveLake(lake, { folder: "/project/shop" });
}
