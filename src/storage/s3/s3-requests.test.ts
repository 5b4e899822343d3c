import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectTaggingCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bytes, codeOf, inOrder, pathsOf, textOf } from "../../../test/contracts/object-store/looking.ts";
import { startFaultProxy, type FaultProxy } from "../../../test/services/fault-proxy.ts";
import { requirePart } from "../../../test/services/parts.ts";
import { startMoto, startVersityGw, type S3Server } from "../../../test/services/s3-servers.ts";
import { realWorld } from "../../base/index.ts";
import type { ObjectStore } from "../object-store.ts";
import type { S3Options } from "./s3-options.ts";
import { s3Store } from "./s3-store.ts";

const SERVERS = { versitygw: startVersityGw, moto: startMoto } as const;

for (const name of ["versitygw", "moto"] as const) {
  describe.skipIf(!requirePart(name))(`requests to ${name}`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let prefix = "";
    beforeAll(async () => {
      server = await SERVERS[name]();
      proxy = await startFaultProxy(server.port);
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      prefix = `count me/${randomUUID()}`;
      proxy.reset();
    });
    afterEach(() => {
      proxy.onRequest = () => undefined;
    });

    const open = (options: Partial<S3Options> = {}): ObjectStore =>
      s3Store({ url: `s3://${server.bucket}/${prefix}`, endpoint: proxy.endpoint, ...options }, { world: realWorld() });

    /** The kinds of the requests that work made. */
    const kindsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
      proxy.reset();
      await work();
      return proxy.requests.map(({ kind }) => kind);
    };

    test("each operation is one request, however many objects there are", async () => {
      const store = open();
      expect(await kindsOf(() => store.create("a/0", bytes("0123456789")))).toEqual(["PUT", "PUT", "HEAD", "PUT"]);
      for (const round of [1, 2, 3]) {
        expect(await kindsOf(() => store.create(`a/${round}`, bytes("0123456789")))).toEqual(["PUT"]);
        expect(await kindsOf(() => store.create(`a/${round}`, bytes("0123456789")))).toEqual(["PUT", "HEAD"]);
        expect(await kindsOf(() => store.read("a/1"))).toEqual(["GET"]);
        expect(await kindsOf(() => store.read("a/1", { start: -4 }))).toEqual(["GET"]);
        expect(await kindsOf(() => store.read("a/1", { start: 2, end: 5 }))).toEqual(["GET"]);
        expect(await kindsOf(() => store.stat("a/1"))).toEqual(["HEAD"]);
        expect(await kindsOf(() => store.replace("b", bytes("x")))).toEqual(["PUT"]);
        expect(await kindsOf(() => pathsOf(store, "a/"))).toEqual(["GET ?list-type"]);
        expect(await kindsOf(() => store.remove(["a/8", "a/9"]))).toEqual(["POST ?delete"]);
      }
      // A store that is opened again finds its proof.
      const again = open();
      expect(await kindsOf(() => again.create("a/7", bytes("x")))).toEqual(["PUT", "HEAD", "PUT"]);
    });

    test("1,050 objects are two pages, a page begins after a name, and two requests remove them", async () => {
      const store = open();
      const direct = open({ endpoint: server.endpoint });
      const paths = Array.from({ length: 1_050 }, (_, index) => `log/${String(index).padStart(20, "0")}.json`);
      for (let at = 0; at < paths.length; at += 50) {
        await Promise.all(paths.slice(at, at + 50).map((path) => direct.replace(path, bytes("x"))));
      }
      const [middle = ""] = paths.slice(949);
      expect(await kindsOf(async () => expect(await pathsOf(store, "log/")).toEqual(inOrder(paths)))).toHaveLength(2);
      expect(await kindsOf(() => pathsOf(store, "log/", middle))).toHaveLength(1);
      expect(await pathsOf(store, "log/", middle)).toEqual(paths.slice(950));
      expect(await pathsOf(store, "log/0000000000000000104")).toEqual(paths.slice(1_040));
      expect(await kindsOf(() => store.remove(paths))).toEqual(["POST ?delete", "POST ?delete"]);
      expect(await pathsOf(store, "")).toEqual([]);
    });

    test("a consumer that stops early asks for no more pages", async () => {
      const store = open();
      for (let index = 0; index < 5; index += 1) await store.create(`p/${index}`, bytes(""));
      const kinds = await kindsOf(async () => {
        for await (const found of store.list("p/")) if (found.path === "p/1") break;
      });
      expect(kinds).toEqual(["GET ?list-type"]);
    });

    test("what a console makes for a folder is no object", async () => {
      const store = open();
      await server.client.send(
        new PutObjectCommand({ Bucket: server.bucket, Key: `${prefix}/folder/`, ContentLength: 0 }),
      );
      await store.create("folder/object", bytes("x"));
      expect(await pathsOf(store, "")).toEqual(["folder/object"]);
    });

    test("tags, the key and the owner go with the requests", async () => {
      const store = open({
        tags: { team: "shop & co", stage: "test" },
        bucketOwner: "123456789012",
        kmsKey: "alias/lake",
      });
      const seen: Record<string, string | undefined>[] = [];
      proxy.onRequest = (request) => {
        seen.push({ kind: request.kind, ...pick(request.headers) });
        return { kind: "answer", status: 403, code: "AccessDenied" };
      };
      expect(await codeOf(store.create("a", bytes("x")))).toBe("storage.denied");
      expect(await codeOf(store.read("a"))).toBe("storage.denied");
      expect(await codeOf(pathsOf(store, ""))).toBe("storage.denied");
      expect(await codeOf(store.remove(["a"]))).toBe("storage.denied");
      const owner = { "x-amz-expected-bucket-owner": "123456789012" };
      expect(seen).toEqual([
        {
          kind: "PUT",
          ...owner,
          "x-amz-tagging": "team=shop+%26+co&stage=test",
          "x-amz-server-side-encryption": "aws:kms",
          "x-amz-server-side-encryption-aws-kms-key-id": "alias/lake",
          "x-amz-server-side-encryption-bucket-key-enabled": "true",
          "if-none-match": "*",
        },
        { kind: "GET", ...owner },
        { kind: "GET ?list-type", ...owner },
        { kind: "POST ?delete", ...owner },
      ]);
    });

    test("tags arrive, those of large objects too", async () => {
      const store = open({ tags: { team: "shop" } });
      const folder = await mkdtemp(join(tmpdir(), "sluice-tags-"));
      await writeFile(join(folder, "large"), Buffer.alloc(33 * 2 ** 20));
      await store.create("small", bytes("x"));
      await store.createFromFile("large", join(folder, "large"));
      await rm(folder, { recursive: true });
      for (const path of ["small", "large"]) {
        const command = new GetObjectTaggingCommand({ Bucket: server.bucket, Key: `${prefix}/${path}` });
        expect((await server.client.send(command)).TagSet).toEqual([{ Key: "team", Value: "shop" }]);
      }
    });

    test("a bucket that is not there is said, and is no empty lake", async () => {
      const store = open({ url: "s3://no-such-bucket/lake" });
      expect(await codeOf(pathsOf(store, ""))).toBe("storage.missing");
      await expect(store.create("a", bytes("x"))).rejects.toThrow("there is no such bucket");
    });

    describe("a store without conditional puts (F18)", () => {
      test.each(["ignores the condition", "does not know it"])(
        "that %s is refused before anything is written",
        async (how) => {
          const store = open();
          proxy.onRequest = ({ headers }) => {
            if (headers["if-none-match"] === undefined) return undefined;
            return how === "does not know it"
              ? { kind: "answer", status: 501, code: "NotImplemented" }
              : { kind: "answer", status: 200, code: "" };
          };
          expect(await codeOf(store.create("table/0.json", bytes("x")))).toBe("storage.unsafe");
          expect(await codeOf(store.below("table").create("0.json", bytes("x")))).toBe("storage.unsafe");
          proxy.onRequest = () => undefined;
          expect(await pathsOf(store, "")).toEqual([]);
          expect(await store.create("table/0.json", bytes("x"))).toBe("created");
        },
      );

      test("serves a single writer who says so", async () => {
        const store = open({ singleWriter: true });
        const kinds = await kindsOf(() => store.create("log/0", bytes("first")));
        expect(kinds).toEqual(["HEAD", "PUT"]);
        expect(await store.create("log/0", bytes("second"))).toBe("exists");
        const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
        const outcomes = await Promise.all(bodies.map((body) => store.create("log/1", bytes(body))));
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
        expect(await textOf(store, "log/1")).toBe(bodies[outcomes.indexOf("created")]);
      });
    });
  });
}

const SHOWN = /^(?:if-none-match|x-amz-(?:expected-bucket-owner|tagging|server-side-encryption.*))$/;

function pick(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([header]) => SHOWN.test(header)));
}
