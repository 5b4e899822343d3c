import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bytes, codeOf, pathsOf, textOf } from "../../../test/contracts/object-store/looking.ts";
import { startFaultProxy, type FaultProxy, type ProxyFault } from "../../../test/services/fault-proxy.ts";
import { requirePart } from "../../../test/services/parts.ts";
import { startMoto, startVersityGw, type S3Server } from "../../../test/services/s3-servers.ts";
import { realWorld, type World } from "../../base/index.ts";
import type { ObjectStore } from "../object-store.ts";
import type { S3Options } from "./s3-options.ts";
import { s3Store } from "./s3-store.ts";

const SERVERS = { versitygw: startVersityGw, moto: startMoto } as const;
const LARGE_BYTES = 40 * 2 ** 20;

/** The real one, but its pauses are short. */
const WORLD: World = { ...realWorld(), sleep: async () => await realWorld().sleep(1) };

for (const name of ["versitygw", "moto"] as const) {
  describe.skipIf(!requirePart(name))(`what gets lost on the way to ${name}`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let folder = "";
    let url = "";
    beforeAll(async () => {
      server = await SERVERS[name]();
      proxy = await startFaultProxy(server.port);
      folder = await mkdtemp(join(tmpdir(), "sluice-lost-"));
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });
    beforeEach(() => {
      url = `s3://${server.bucket}/${randomUUID()}`;
    });
    afterEach(() => {
      proxy.onRequest = () => undefined;
    });

    const open = (options: Partial<S3Options> = {}): ObjectStore =>
      s3Store(
        { url, endpoint: proxy.endpoint, ...options },
        { world: WORLD, timeouts: { connectMs: 1_000, idleMs: 1_500, wholeMs: 60_000 } },
      );

    /** A store that has proven its conditions already. */
    const opened = async (): Promise<ObjectStore> => {
      const store = open();
      await store.create("first", bytes("1"));
      await store.remove(["first"]);
      proxy.reset();
      return store;
    };

    const faults: readonly (readonly [string, ProxyFault])[] = [
      ["a request that is lost", { kind: "lose-request" }],
      ["an answer that is lost after the effect", { kind: "lose-answer" }],
      ["an answer that never comes", { kind: "hang" }],
      ["a request that a proxy repeats", { kind: "repeat" }],
      ["500 before the effect", { kind: "answer", status: 500, code: "InternalError" }],
      ["500 after the effect", { kind: "answer", status: 500, code: "InternalError", afterEffect: true }],
      ["503 SlowDown", { kind: "answer", status: 503, code: "SlowDown" }],
      ["409, which is no sign of an object", { kind: "answer", status: 409, code: "ConditionalRequestConflict" }],
      ["409 that is cut off", { kind: "answer", status: 409, code: "ConditionalRequestConflict", isCut: true }],
      ["400 that is cut off", { kind: "answer", status: 400, code: "RequestTimeout", isCut: true }],
    ];

    test.each(faults)("%s: the object is created, once, and known as our own (F16, F17, F19)", async (_, fault) => {
      const store = await opened();
      proxy.onRequest = onFirst(fault.kind === "hang" ? 1 : 3, fault);
      expect(await store.create("log/0.json", bytes("ours"))).toBe("created");
      expect(await textOf(store, "log/0.json")).toBe("ours");
      expect(await store.create("log/0.json", bytes("ours"))).toBe("exists");
      expect(await pathsOf(store, "")).toEqual(["log/0.json"]);
    });

    test.each(faults)("%s, and another writer was there: exists, and the other's content stays", async (_, fault) => {
      const store = await opened();
      await store.create("log/0.json", bytes("theirs"));
      proxy.onRequest = onFirst(1, fault);
      expect(await store.create("log/0.json", bytes("theirs"))).toBe("exists");
      expect(await textOf(store, "log/0.json")).toBe("theirs");
    });

    test("an answer that drips in for ever is given up, and asked for again", async () => {
      await (await opened()).create("data", Buffer.alloc(4_000, "x"));
      proxy.reset();
      const timeouts = { connectMs: 1_000, idleMs: 1_500, wholeMs: 2_000 };
      const store = s3Store({ url, endpoint: proxy.endpoint }, { world: WORLD, timeouts });
      proxy.onRequest = ({ kind }, nth) => (kind === "GET" && nth === 1 ? { kind: "drip", everyMs: 500 } : undefined);
      expect(await textOf(store, "data")).toBe("x".repeat(4_000));
      expect(proxy.requests.filter(({ kind }) => kind === "GET")).toHaveLength(2);
    });

    test("an outcome that cannot be settled is unknown, whether or not it had its effect", async () => {
      for (const fault of [{ kind: "lose-answer" }, { kind: "lose-request" }] as const) {
        const store = await opened();
        proxy.onRequest = ({ kind }) => (kind === "PUT" ? fault : { kind: "lose-request" });
        expect(await codeOf(store.create("log/0.json", bytes("ours")))).toBe("storage.unavailable");
        proxy.onRequest = () => undefined;
        expect(await pathsOf(store, "")).toEqual(fault.kind === "lose-answer" ? ["log/0.json"] : []);
        await store.remove(["log/0.json"]);
      }
    });

    test("after a lost answer not even a refusal passes for one: the object may be there", async () => {
      const store = await opened();
      proxy.onRequest = ({ kind }, nth) => {
        if (kind === "PUT") return nth === 1 ? { kind: "lose-answer" } : undefined;
        return { kind: "answer", status: 403, code: "AccessDenied" };
      };
      expect(await codeOf(store.create("log/0.json", bytes("ours")))).toBe("storage.unavailable");
    });

    test.each(["lose-answer", "repeat"] as const)(
      "of twenty that race with faults (%s) exactly one wins",
      async (kind) => {
        const stores = await Promise.all(Array.from({ length: 4 }, async () => await opened()));
        proxy.onRequest = (request, nth) => (request.kind === "PUT" && nth % 2 === 1 ? { kind } : undefined);
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (stores[index % 4] as ObjectStore).create("log/1.json", bytes(`writer ${index}`)),
          ),
        );
        proxy.onRequest = () => undefined;
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
        expect(await textOf(stores[0] as ObjectStore, "log/1.json")).toBe(`writer ${outcomes.indexOf("created")}`);
      },
    );

    const large: readonly (readonly [string, string, ProxyFault])[] = [
      ["nothing", "PUT ?uploadId", { kind: "repeat" }],
      ["the answer to a part", "PUT ?uploadId", { kind: "lose-answer" }],
      ["the beginning", "POST ?uploads", { kind: "lose-answer" }],
      ["the end, before its effect", "POST ?uploadId", { kind: "lose-request" }],
      ["the end, after its effect", "POST ?uploadId", { kind: "lose-answer" }],
      ["a conflict at the end", "POST ?uploadId", { kind: "answer", status: 409, code: "ConditionalRequestConflict" }],
    ];

    test.each(large)("a large file is sent in parts and created once, where %s is lost", async (_, kind, fault) => {
      const store = await opened();
      const content = Buffer.alloc(LARGE_BYTES, "0123456789abcdef!");
      const [file, late] = [join(folder, "large"), join(folder, "late")];
      const before = await openUploads(server);
      await writeFile(file, content);
      await writeFile(late, content);
      proxy.onRequest = onFirst(1, fault, kind);
      expect(await store.createFromFile("part.parquet", file)).toBe("created");
      expect(existsSync(file)).toBe(false);
      expect(Buffer.compare(await store.read("part.parquet"), content)).toBe(0);
      proxy.onRequest = () => undefined;
      expect(await store.createFromFile("part.parquet", late)).toBe("exists");
      expect(existsSync(late)).toBe(false);
      // Nobody learned the name of an upload whose beginning got no answer: the bucket's lifecycle rule ends it.
      const lost = kind === "POST ?uploads" ? 1 : 0;
      expect((await openUploads(server)) - before).toBe(lost);
    });

    test("a large file stays where it is when it cannot be sent, and no parts stay behind", async () => {
      const store = await opened();
      const before = await openUploads(server);
      const file = join(folder, "denied");
      await writeFile(file, Buffer.alloc(LARGE_BYTES));
      proxy.onRequest = onFirst(9, { kind: "answer", status: 403, code: "AccessDenied" }, "PUT ?uploadId");
      expect(await codeOf(store.createFromFile("part.parquet", file))).toBe("storage.denied");
      expect(existsSync(file)).toBe(true);
      expect(await openUploads(server)).toBe(before);
      expect(await store.stat("part.parquet")).toBeUndefined();
    });

    test.each([
      ["a lost answer", { kind: "lose-answer" }],
      ["a body that ends too early", { kind: "cut" }],
      ["503 SlowDown", { kind: "answer", status: 503, code: "SlowDown" }],
      ["a clock that was wrong", { kind: "answer", status: 403, code: "RequestTimeTooSkewed" }],
    ] as const)("%s: what changes nothing, or the same twice, is tried again", async (_, fault) => {
      const store = await opened();
      await store.create("object", bytes("0123456789"));
      proxy.onRequest = (_request, nth) => (nth === 1 ? fault : undefined);
      expect(await textOf(store, "object")).toBe("0123456789");
      expect((await store.stat("object"))?.sizeBytes).toBe(10);
      expect(await pathsOf(store, "")).toEqual(["object"]);
      await store.replace("object", bytes("new"));
      expect(await textOf(store, "object")).toBe("new");
      await store.remove(["object"]);
      expect(await store.stat("object")).toBeUndefined();
    });

    test.each([
      [403, "AccessDenied", "storage.denied"],
      [403, "InvalidObjectState", "storage.archived"],
      [404, "NoSuchKey", "storage.missing"],
      [404, "NoSuchBucket", "storage.missing"],
      [400, "KMS.DisabledException", "storage.denied"],
      [400, "ExpiredToken", "storage.denied"],
      [503, "SlowDown", "storage.unavailable"],
      [507, "InsufficientStorage", "storage.full"],
    ] as const)("%i %s of a read is %s, and tells no secret", async (status, code, expected) => {
      const store = await opened();
      await store.create("object", bytes("x"));
      proxy.onRequest = () => ({ kind: "answer", status, code });
      const error: unknown = await store.read("object").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: expected });
      const shown = inspect(error, { depth: 20 });
      expect(shown).not.toContain(process.env["AWS_SECRET_ACCESS_KEY"]);
      expect(shown).not.toMatch(/authorization|AWS4-HMAC|x-amz-date/i);
    });

    test("a store that is down is given up soon: the tries of all requests come out of one budget", async () => {
      const store = await opened();
      proxy.onRequest = () => ({ kind: "answer", status: 503, code: "SlowDown" });
      const codes = await Promise.all(Array.from({ length: 200 }, (_, index) => codeOf(store.read(`object-${index}`))));
      expect(new Set(codes)).toEqual(new Set(["storage.unavailable"]));
      expect(proxy.requests.length).toBeLessThanOrEqual(320);
    });
  });
}

async function openUploads(server: S3Server): Promise<number> {
  const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket: server.bucket }));
  return Uploads.length;
}

/** The first requests of a kind. */
function onFirst(count: number, fault: ProxyFault, kind = "PUT"): FaultProxy["onRequest"] {
  return (request, nth) => (request.kind === kind && nth <= count ? fault : undefined);
}
