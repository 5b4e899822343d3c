import { isFailure, messageOf, SluiceError, type World } from "../../base/index.ts";
import type { ObjectStore, S3Connection, S3Grant } from "../../storage/index.ts";
import { quoteLiteral } from "../sql-text.ts";
import { damaged, type Doing, type FileNames } from "./engine-failure.ts";
import { fileInMessage, isHttpFailure, statusIn } from "./http-failure.ts";

export interface RemoteFilesOptions {
  /** `s3://bucket/prefix/`, literally: what the engine may open. */
  readonly roots: readonly string[];
  /** Runs a statement; its failure is DuckDB's own. */
  readonly run: (sql: string) => Promise<unknown>;
  readonly world: World;
  readonly onDebug: (line: string) => void;
}

/** A query that begins with credentials that end sooner might outlive them: DuckDB asks for no new ones on its way. */
const LEFT_MS_MIN = 10 * 60_000;

/** Of one connection: one thing at a time, so that a secret is made once. */
interface State {
  readonly secret: string;
  turn: Promise<unknown>;
  /** What the secret says; undefined: there is none. */
  told: SecretText | undefined;
  isProven: boolean;
  isRefused: boolean;
}

/** The options of a secret: where requests go, and whose they are. */
interface SecretText {
  readonly place: string;
  readonly keys: string;
}

interface Used {
  readonly store: ObjectStore;
  readonly path: string;
  users: number;
}

/**
 * Objects in S3 that DuckDB reads by itself, the parts that a query needs: through its httpfs extension, with the store's own
 * credentials as a secret of the root. Whatever stands in the way of a root (an option that httpfs does not know, a certificate,
 * another store of the same URL) is found at its first file, and the root is then read through copies.
 */
export class RemoteFiles {
  readonly #options: RemoteFilesOptions;
  readonly #states = new Map<S3Connection, State>();
  readonly #used = new Map<string, Used>();

  constructor(options: RemoteFilesOptions) {
    this.#options = options;
  }

  /** What a path of the store begins with for DuckDB; undefined where the store is read through copies. `sample`: a file of it. */
  async reach(store: ObjectStore, sample: string): Promise<string | undefined> {
    const { s3 } = store;
    if (s3 === undefined) return undefined;
    const root = s3.prefix === "" ? `s3://${s3.bucket}/` : `s3://${s3.bucket}/${s3.prefix}/`;
    if (!this.#options.roots.some((one) => root.startsWith(one))) return undefined;
    const state = this.#stateOf(s3.connection);
    const turn = state.turn.then(async () => await this.#isOpen(s3.connection, state, { store, root, sample }));
    state.turn = turn.catch(() => undefined);
    return (await turn) ? root : undefined;
  }

  /** Until `letGo`, a failure at this URL is told as the store tells it. */
  hold(url: string, store: ObjectStore, path: string): void {
    const used = this.#used.get(url);
    if (used === undefined) this.#used.set(url, { store, path, users: 1 });
    else used.users += 1;
  }

  letGo(url: string): void {
    const used = this.#used.get(url);
    if (used === undefined) return;
    used.users -= 1;
    if (used.users === 0) this.#used.delete(url);
  }

  /**
   * What a failed request means, in the words of the store: it is asked for the same object. DuckDB's own words may hold a whole
   * answer, with key and signature, and go no further. Undefined for any other failure.
   */
  async told(error: unknown, doing: Doing, names: FileNames): Promise<SluiceError | undefined> {
    if (isFailure(error)) return undefined;
    const message = messageOf(error);
    if (!isHttpFailure(message)) return undefined;
    const url = fileInMessage(message, (one) => this.#used.has(one), this.#buckets());
    const used = url === undefined ? undefined : this.#used.get(url);
    const failure = used === undefined ? undefined : await failureOf(used);
    if (failure !== undefined) {
      const name = names.get(url ?? "") ?? `file ${used?.path}`;
      return isFailure(failure, "storage.missing") ? damaged(name, failure, doing) : failure;
    }
    return new SluiceError("storage.unavailable", `Cannot ${doing.what}: the store failed`, {
      facts: { ...(used === undefined ? {} : { path: used.path, store: used.store.url }), status: statusIn(message) },
    });
  }

  #stateOf(connection: S3Connection): State {
    const known = this.#states.get(connection);
    if (known !== undefined) return known;
    const state: State = {
      secret: `root_${this.#states.size}`,
      turn: Promise.resolve(),
      told: undefined,
      isProven: false,
      isRefused: false,
    };
    this.#states.set(connection, state);
    return state;
  }

  async #isOpen(
    connection: S3Connection,
    state: State,
    { store, root, sample }: { store: ObjectStore; root: string; sample: string },
  ): Promise<boolean> {
    if (state.isRefused) return false;
    const grant = await connection.grant().catch(() => undefined);
    // Without credentials the store itself says what is wrong.
    if (grant === undefined) return false;
    if (grant.kind === "refused") return this.#refuse(connection, state, grant.why);
    if (grant.expiresMs !== undefined && grant.expiresMs < this.#options.world.nowMs() + LEFT_MS_MIN) {
      this.#options.onDebug(`${connection.root} is read through copies for now: its credentials end soon`);
      return false;
    }
    const text = secretText(grant);
    if (this.#hasRival(connection, text.place)) {
      return this.#refuse(connection, state, "there is another store of this URL");
    }
    const isTold = state.told?.place === text.place && state.told.keys === text.keys;
    if (!isTold && !(await this.#makeSecret(connection, state, text))) {
      return this.#refuse(connection, state, "DuckDB does not take its secret");
    }
    if (state.isProven) return true;
    const flaw = await this.#flawOf(`${root}${sample}`);
    if (flaw === undefined) {
      state.isProven = true;
      this.#options.onDebug(`${connection.root} is read by httpfs`);
      return true;
    }
    // What nobody can read says nothing about httpfs.
    if ((await failureOf({ store, path: sample })) !== undefined) return false;
    return this.#refuse(connection, state, flaw);
  }

  /** A secret holds for everything below its scope: no other store may have a part of it. */
  #hasRival(connection: S3Connection, place: string): boolean {
    const { root } = connection;
    return [...this.#states].some(
      ([other, { told }]) =>
        other !== connection &&
        told !== undefined &&
        told.place !== place &&
        (root.startsWith(other.root) || other.root.startsWith(root)),
    );
  }

  async #makeSecret(connection: S3Connection, state: State, text: SecretText): Promise<boolean> {
    const options = `TYPE s3, SCOPE ${quoteLiteral(connection.root)}, ${text.place}, ${text.keys}`;
    try {
      await this.#options.run(`CREATE OR REPLACE TEMPORARY SECRET ${state.secret} (${options})`);
    } catch {
      // DuckDB's words may show the statement.
      return false;
    }
    state.told = text;
    return true;
  }

  /** Why httpfs cannot read a file, as far as it is not the file's own fault. */
  async #flawOf(url: string): Promise<string | undefined> {
    try {
      await this.#options.run(`SELECT num_rows FROM parquet_file_metadata(${quoteLiteral(url)})`);
      return undefined;
    } catch (error) {
      const message = messageOf(error);
      return isHttpFailure(message) ? `httpfs fails (${statusIn(message) ?? "no answer"})` : undefined;
    }
  }

  #refuse(connection: S3Connection, state: State, why: string): false {
    state.isRefused = true;
    this.#options.onDebug(`${connection.root} is read through copies: ${why}`);
    return false;
  }

  #buckets(): readonly string[] {
    return [...this.#states.keys()].map(({ root }) => root.split("/")[2] ?? "");
  }
}

async function failureOf({ store, path }: Pick<Used, "store" | "path">): Promise<SluiceError | undefined> {
  try {
    await store.read(path, { start: 0, end: 1 });
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

function secretText(grant: S3Grant): SecretText {
  const { host, secure, pathStyle, region, accessKeyId, secretAccessKey, sessionToken } = grant;
  const place = [
    `REGION ${quoteLiteral(region)}`,
    `ENDPOINT ${quoteLiteral(host)}`,
    `URL_STYLE ${pathStyle ? "'path'" : "'vhost'"}`,
    `USE_SSL ${secure}`,
  ];
  const keys = [
    `KEY_ID ${quoteLiteral(accessKeyId)}`,
    `SECRET ${quoteLiteral(secretAccessKey)}`,
    ...(sessionToken === undefined ? [] : [`SESSION_TOKEN ${quoteLiteral(sessionToken)}`]),
  ];
  return { place: place.join(", "), keys: keys.join(", ") };
}
