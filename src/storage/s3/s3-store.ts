import { readFile, rm, stat } from "node:fs/promises";
import type { PutObjectCommandInput } from "@aws-sdk/client-s3";
import { SluiceError, messageOf, type World } from "../../base/index.ts";
import { checkPath, checkPrefix, invalidPath } from "../object-path.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../object-store.ts";
import { storeBelow } from "../store-below.ts";
import { Attempts } from "./attempts.ts";
import { PROOF_PATH, proveConditions } from "./prove-conditions.ts";
import { connect, s3Identity, TIMEOUTS, type Connection, type Timeouts } from "./connection.ts";
import { listObjects } from "./list-objects.ts";
import { headObject, readObject } from "./read-object.ts";
import { removeObjects } from "./remove-objects.ts";
import { requestsFor, type Requests } from "./requests.ts";
import type { S3Access } from "../s3-access.ts";
import { s3Connection } from "./s3-access.ts";
import { s3Failure, unsureWrite } from "./s3-failure.ts";
import { s3Address, s3Url, type S3Options } from "./s3-options.ts";
import { PARTS_ABOVE_BYTES, uploadParts } from "./upload-parts.ts";
import { writeAlone } from "./write-alone.ts";
import { mayHelp, writeOnce } from "./write-once.ts";

/**
 * Objects in S3 or in a store that speaks its protocol. Nothing is loaded and nothing is sent before the first call. The first
 * `create` proves that the store keeps its condition, unless a single writer is declared.
 */
export function s3Store(
  options: S3Options,
  { world, timeouts = TIMEOUTS }: { readonly world: World; readonly timeouts?: Timeouts },
): ObjectStore {
  return new S3Store(options, world, timeouts);
}

/** The mark of one creation, by which it knows its object again. */
const TOKEN = "sluice-write";

type Body = { readonly bytes: Uint8Array } | { readonly file: string; readonly sizeBytes: number };

class S3Store implements ObjectStore {
  readonly url: string;
  readonly identity: string;
  readonly localFolder = undefined;
  readonly s3: S3Access;
  readonly #world: World;
  readonly #requests: Requests;
  readonly #isSingleWriter: boolean;
  readonly #turns = new Map<string, Promise<unknown>>();
  #connection: Connection | undefined;
  #proof: Promise<void> | undefined;

  constructor(options: S3Options, world: World, timeouts: Timeouts) {
    this.url = s3Url(s3Address(options.url));
    this.identity = s3Identity(options);
    this.#world = world;
    this.#isSingleWriter = options.singleWriter ?? false;
    const connection = (): Connection => (this.#connection ??= connect(options, timeouts));
    this.s3 = { ...s3Address(options.url), connection: s3Connection(options, connection) };
    this.#requests = requestsFor(options, connection, new Attempts(world));
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array> {
    checkPath(path);
    const found = await this.#attempt("read", path, () => readObject(this.#requests, path, range));
    if (found !== undefined) return found;
    throw new SluiceError("storage.missing", "Cannot read an object: it is not there", { facts: this.#where(path) });
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    checkPath(path);
    return (await this.#attempt("look at", path, () => headObject(this.#requests, path)))?.info;
  }

  async create(path: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkOwn(path);
    return await this.#create(path, { bytes: body });
  }

  async createFromFile(path: string, file: string): Promise<"created" | "exists"> {
    checkOwn(path);
    const sizeBytes = await sizeOf(file);
    const isLarge = sizeBytes > PARTS_ABOVE_BYTES;
    const outcome = await this.#create(path, isLarge ? { file, sizeBytes } : { bytes: await bytesOf(file) });
    try {
      await rm(file, { force: true });
    } catch (error) {
      throw unsureWrite(new Error(messageOf(error)), this.#where(path));
    }
    return outcome;
  }

  async replace(path: string, body: Uint8Array): Promise<void> {
    checkOwn(path);
    await this.#attempt("replace", path, () =>
      this.#requests.attempts.repeat(() => this.#put(path, { bytes: body }, {}), mayHelp),
    );
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    try {
      for await (const found of listObjects(this.#requests, prefix, after)) if (found.path !== PROOF_PATH) yield found;
    } catch (error) {
      throw s3Failure(error, "list", this.#where(prefix));
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) checkOwn(path);
    const [first = ""] = paths;
    await this.#attempt("remove", first, () => removeObjects(this.#requests, paths));
  }

  below(prefix: string): ObjectStore {
    return storeBelow(this, prefix, (folder) => {
      const { prefix: own } = this.s3;
      const below = folder.split("/").map(encodeURIComponent).join("/");
      return {
        url: `${this.url}/${below}`,
        identity: `${this.identity}/${below}`,
        localFolder: undefined,
        s3: { ...this.s3, prefix: own === "" ? folder : `${own}/${folder}` },
      };
    });
  }

  async #create(path: string, body: Body): Promise<"created" | "exists"> {
    if (this.#isSingleWriter) return await this.#createAlone(path, body);
    this.#proof ??= proveConditions(this.url, (text) => this.#createOnce(PROOF_PATH, { bytes: text }));
    try {
      await this.#proof;
    } catch (error) {
      this.#proof = undefined;
      throw error;
    }
    return await this.#createOnce(path, body);
  }

  async #createOnce(path: string, body: Body): Promise<"created" | "exists"> {
    const token = this.#world.uuid();
    return await writeOnce(this.#requests.attempts, {
      where: this.#where(path),
      put: () => this.#put(path, body, { token, isConditional: true }),
      isOurs: async () => {
        const found = await headObject(this.#requests, path);
        return found === undefined ? undefined : found.metadata[TOKEN] === token;
      },
    });
  }

  async #createAlone(path: string, body: Body): Promise<"created" | "exists"> {
    return await writeAlone(this.#turns, path, async () => {
      const found = await this.#attempt("create", path, () => headObject(this.#requests, path));
      if (found !== undefined) return "exists";
      await this.#attempt("create", path, () =>
        this.#requests.attempts.repeat(() => this.#put(path, body, {}), mayHelp),
      );
      return "created";
    });
  }

  async #put(
    path: string,
    body: Body,
    { token, isConditional = false }: { readonly token?: string; readonly isConditional?: boolean },
  ): Promise<void> {
    const metadata = token === undefined ? {} : { [TOKEN]: token };
    if ("file" in body) {
      await uploadParts(this.#requests, { path, ...body, metadata, isConditional });
      return;
    }
    const { connection, bucket, keyOf, owner, making } = this.#requests;
    const { client, sdk } = connection();
    const input: PutObjectCommandInput = { Bucket: bucket, Key: keyOf(path), Body: body.bytes, ...owner, ...making };
    const condition = isConditional ? { IfNoneMatch: "*" } : {};
    await client.send(new sdk.PutObjectCommand({ ...input, Metadata: metadata, ...condition }));
  }

  #where(path: string): { path: string; store: string } {
    return { path, store: this.url };
  }

  async #attempt<T>(verb: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw s3Failure(error, verb, this.#where(path));
    }
  }
}

function checkOwn(path: string): void {
  checkPath(path);
  if (path === PROOF_PATH) throw invalidPath(path, "it belongs to the proof that the store keeps its conditions");
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): SluiceError {
  return new SluiceError("storage.missing", "Cannot create an object: its file cannot be read", {
    facts: { file },
    cause,
  });
}
