import { SluiceError, type World } from "../../base/index.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../object-store.ts";
import { placeSeen, storeBelow } from "../store-below.ts";
import { SimulatedCrash, matches, type Effect, type Fault, type StoreCall } from "./fault.ts";
import { Gate } from "./gate.ts";

export interface FaultyOptions {
  /** Its clock makes delays, its randomness the random faults. */
  readonly world: World;
  readonly plan?: readonly Fault[];
  /** Each call is struck with this probability by one of these effects, where the plan says nothing. */
  readonly random?: { readonly chance: number; readonly effects: readonly Effect[] };
}

export interface FaultyStore extends ObjectStore {
  /** Calls made so far: a fault loop strikes call 1, 2, 3 … until a run needs fewer calls. */
  readonly calls: number;
  /** The call at which the simulated process died. */
  readonly crashedAt: StoreCall | undefined;
  /** Resolves when the simulated process is stopped by a `pause`. */
  paused(): Promise<void>;
  /** Lets a stopped process go on. */
  release(): void;
  /** Kills the simulated process now. */
  kill(): void;
}

/**
 * A store as one simulated process sees it, with faults. Several processes are several faulty stores over one inner
 * store. Stores below it belong to the same process.
 */
export function faultyStore(inner: ObjectStore, options: FaultyOptions): FaultyStore {
  return new Faulty(inner, options);
}

class Faulty implements FaultyStore {
  readonly url: string;
  readonly identity: string;
  readonly localFolder: string | undefined;
  readonly #inner: ObjectStore;
  readonly #options: FaultyOptions;
  readonly #seen: number[];
  readonly #gate = new Gate();
  #calls = 0;
  #crashedAt: StoreCall | undefined;

  constructor(inner: ObjectStore, options: FaultyOptions) {
    this.url = inner.url;
    this.identity = inner.identity;
    this.localFolder = inner.localFolder;
    this.#inner = inner;
    this.#options = options;
    this.#seen = (options.plan ?? []).map(() => 0);
  }

  get calls(): number {
    return this.#calls;
  }

  get crashedAt(): StoreCall | undefined {
    return this.#crashedAt;
  }

  paused(): Promise<void> {
    return this.#gate.whenClosed();
  }

  release(): void {
    this.#gate.open();
  }

  kill(): void {
    this.#crashedAt ??= { operation: "stat", path: "" };
    this.#gate.open();
  }

  read(path: string, range?: ByteRange): Promise<Uint8Array> {
    return this.#run({ operation: "read", path }, async (effect) => {
      const bytes = await this.#inner.read(path, range);
      return effect?.kind === "damage" ? this.#damaged(bytes, effect.how) : bytes;
    });
  }

  stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#run({ operation: "stat", path }, () => this.#inner.stat(path));
  }

  create(path: string, body: Uint8Array): Promise<"created" | "exists"> {
    return this.#run({ operation: "create", path }, () => this.#inner.create(path, body));
  }

  createFromFile(path: string, file: string): Promise<"created" | "exists"> {
    return this.#run({ operation: "createFromFile", path }, () => this.#inner.createFromFile(path, file));
  }

  replace(path: string, body: Uint8Array): Promise<void> {
    return this.#run({ operation: "replace", path }, () => this.#inner.replace(path, body));
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ObjectInfo> {
    const call: StoreCall = { operation: "list", path: prefix };
    const effect = await this.#enter(call);
    const held: ObjectInfo[] = [];
    const heldMax = effect?.kind === "stale" ? effect.missing : 0;
    for await (const found of this.#inner.list(prefix, after)) {
      await this.#checkpoint(call);
      held.push(found);
      const next = held.length > heldMax ? held.shift() : undefined;
      if (next === undefined) continue;
      yield next;
      await this.#checkpoint(call);
      if (strikes(effect, "during")) await this.#strike(call, effect);
    }
    await this.#checkpoint(call);
    if (strikes(effect, "after")) await this.#strike(call, effect);
  }

  remove(paths: readonly string[]): Promise<void> {
    const half = paths.slice(0, Math.ceil(paths.length / 2));
    return this.#run({ operation: "remove", path: paths[0] ?? "" }, (effect) =>
      this.#inner.remove(strikes(effect, "during") ? half : paths),
    );
  }

  below(prefix: string): ObjectStore {
    return storeBelow(this, prefix, (folder) => placeSeen(this.#inner.below(folder)));
  }

  async #run<T>(call: StoreCall, perform: (effect: Effect | undefined) => Promise<T>): Promise<T> {
    const effect = await this.#enter(call);
    try {
      return await perform(effect);
    } finally {
      await this.#leave(call, effect);
    }
  }

  async #enter(call: StoreCall): Promise<Effect | undefined> {
    await this.#checkpoint(call);
    this.#calls += 1;
    const effect = this.#planned(call) ?? this.#drawn();
    if (effect?.kind === "delay") await this.#options.world.sleep(effect.ms);
    if (strikes(effect, "before")) await this.#strike(call, effect);
    return effect;
  }

  async #leave(call: StoreCall, effect: Effect | undefined): Promise<void> {
    await this.#checkpoint(call);
    if (strikes(effect, "during") || strikes(effect, "after")) await this.#strike(call, effect);
  }

  /** A stopped process learns of no answer, a dead one never. */
  async #checkpoint(call: StoreCall): Promise<void> {
    await this.#gate.pass();
    if (this.#crashedAt !== undefined) throw new SimulatedCrash(call);
  }

  async #strike(call: StoreCall, effect: Striking): Promise<void> {
    switch (effect.kind) {
      case "fail":
        throw new SluiceError(effect.code ?? "storage.unavailable", `Cannot ${call.operation} an object: fault`, {
          facts: { path: call.path, when: effect.when },
        });
      case "crash":
        this.#crashedAt ??= call;
        throw new SimulatedCrash(call);
      case "pause":
        this.#gate.close();
        await this.#checkpoint(call);
    }
  }

  #planned(call: StoreCall): Effect | undefined {
    let effect: Effect | undefined;
    for (const [index, fault] of (this.#options.plan ?? []).entries()) {
      if (!matches(fault, call)) continue;
      const seen = (this.#seen[index] ?? 0) + 1;
      this.#seen[index] = seen;
      if (seen >= fault.at && seen < fault.at + (fault.times ?? 1)) effect ??= fault.effect;
    }
    return effect;
  }

  #drawn(): Effect | undefined {
    const { random, world } = this.#options;
    if (random === undefined || world.random() >= random.chance) return undefined;
    return random.effects[Math.floor(world.random() * random.effects.length)];
  }

  #damaged(bytes: Uint8Array, how: "flip" | "truncate"): Uint8Array {
    if (how === "truncate") return bytes.slice(0, -1);
    const copy = Uint8Array.from(bytes);
    const bit = Math.floor(this.#options.world.random() * copy.length * 8);
    copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  }
}

type Striking = Extract<Effect, { when: unknown }>;

function strikes(effect: Effect | undefined, when: Striking["when"]): effect is Striking {
  return effect !== undefined && "when" in effect && effect.when === when;
}
