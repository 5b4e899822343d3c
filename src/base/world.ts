import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/** Clock, randomness and sleep: the only source of what a program cannot compute. A test passes its own. */
export interface World {
  /** Milliseconds since the epoch, UTC. */
  nowMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** A random RFC 4122 identifier, lower case. */
  uuid(): string;
  /** Rejects with the signal's abort when it comes first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers fire at once beyond this (some 24 days). */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function realWorld(): World {
  return {
    nowMs: () => Date.now(), // oxlint-disable-line no-restricted-properties
    random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    uuid: () => randomUUID(),
    sleep: async (ms, signal) => {
      const options = signal === undefined ? {} : { signal };
      let leftMs = ms;
      for (; leftMs > TIMER_MS_MAX; leftMs -= TIMER_MS_MAX) await delay(TIMER_MS_MAX, undefined, options);
      await delay(leftMs, undefined, options);
    },
  };
}

/** A world whose clock moves only by sleeping (and one ms per look), and whose randomness follows from a seed. */
export function simulatedWorld(seed: number, startMs = Date.UTC(2026, 0, 1)): World {
  const random = seededRandom(seed);
  let nowMs = startMs;
  return {
    nowMs: () => Math.floor(nowMs++),
    random,
    uuid: () => seededUuid(random),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += ms;
      await Promise.resolve();
    },
  };
}

/** Mulberry32: small, seedable, good enough for tests and jitter. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seededUuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = "4";
  hex[16] = "89ab"[Math.floor(random() * 4)] ?? "8";
  const text = hex.join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}
