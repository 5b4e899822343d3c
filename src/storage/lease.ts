import { eitherSignal, isFailure, type World } from "../base/index.ts";
import type { Note } from "./note.ts";

export type Leased<Value> =
  | { readonly kind: "done"; readonly value: Value }
  /** Somebody else is at it, until then at least, unless he says that he goes on. */
  | { readonly kind: "held"; readonly untilMs: number };

export interface LeaseParts {
  readonly world: World;
  /** Who works: another name each time. */
  readonly holder: string;
  readonly signal?: AbortSignal;
}

/** A holder that says nothing for so long counts as dead. Clocks of machines are to differ by less. */
const LEASE_MS = 5 * 60_000;
const RENEW_MS = 60_000;

/**
 * Works while nobody else does, as a note says that all of them keep. The work's signal fires when another one has taken over: this process
 * must have slept. Who dies holds it for five more minutes. It saves work; nothing may depend on it, since a process that has just woken
 * up goes on for a moment.
 */
export async function withLease<Value>(
  note: Note,
  parts: LeaseParts,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Leased<Value>> {
  const { world, holder } = parts;
  const until = (): number => world.nowMs() + LEASE_MS;
  const taken = leaseIn(
    await note.change((now) => {
      const lease = leaseIn(now);
      const isFree = lease === undefined || lease.holder === holder || lease.untilMs <= world.nowMs();
      return isFree ? textOf({ holder, untilMs: until() }) : undefined;
    }),
  );
  if (taken !== undefined && taken.holder !== holder) return { kind: "held", untilMs: taken.untilMs };
  const lost = new AbortController();
  const over = new AbortController();
  using either = eitherSignal(parts.signal, lost.signal);
  const keeping = keep(note, { world, holder, until, over: over.signal, onLost: () => lost.abort() });
  try {
    return { kind: "done", value: await work(either.signal) };
  } catch (error) {
    if (lost.signal.aborted) return { kind: "held", untilMs: until() };
    throw error;
  } finally {
    over.abort();
    await keeping;
    await release(note, holder);
  }
}

async function keep(
  note: Note,
  {
    world,
    holder,
    until,
    over,
    onLost,
  }: {
    readonly world: World;
    readonly holder: string;
    readonly until: () => number;
    readonly over: AbortSignal;
    readonly onLost: () => void;
  },
): Promise<void> {
  let heldMs = until();
  for (;;) {
    try {
      await world.sleep(RENEW_MS, over);
    } catch (error) {
      if (over.aborted) return;
      throw error;
    }
    if (over.aborted) return;
    const untilMs = until();
    try {
      const left = await note.change((now) => (isHeldBy(now, holder) ? textOf({ holder, untilMs }) : undefined));
      if (!isHeldBy(left, holder)) return onLost();
      heldMs = untilMs;
    } catch (error) {
      // It holds as long as it was last said to.
      if (!isFailure(error)) throw error;
      if (world.nowMs() >= heldMs) return onLost();
    }
  }
}

/** Where that cannot be written it runs out. */
async function release(note: Note, holder: string): Promise<void> {
  try {
    await note.change((now) => (isHeldBy(now, holder) ? textOf({ holder: "", untilMs: 0 }) : undefined));
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
}

interface Lease {
  readonly holder: string;
  readonly untilMs: number;
}

function textOf({ holder, untilMs }: Lease): string {
  return `${JSON.stringify({ format: 1, holder, untilMs })}\n`;
}

function isHeldBy(text: string | undefined, holder: string): boolean {
  return leaseIn(text)?.holder === holder;
}

/** undefined: nobody holds it, or somebody in a way that we do not know, who then does not count. */
function leaseIn(text: string | undefined): Lease | undefined {
  if (text === undefined) return undefined;
  try {
    const { holder, untilMs } = JSON.parse(text) as Partial<Lease>;
    return typeof holder === "string" && typeof untilMs === "number" ? { holder, untilMs } : undefined;
  } catch {
    return undefined;
  }
}
