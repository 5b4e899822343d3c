import type { Group, Groups } from "./delivered-file.ts";

/** Digits of a name that one group shares: month, day, hour, ten minutes. */
const WIDTHS = [6, 8, 10, 11] as const;
const FINEST = 11;
const SUM_MODULUS = 1n << 64n;

/** Ages up to which a group stays as fine as it is, in ms, by its width. */
const KEPT_MS: Readonly<Record<number, number>> = { 11: 7_200_000, 10: 2 * 86_400_000, 8: 62 * 86_400_000 };

/** The group in which a file counts: the widest that is there already, else the narrowest of its own. */
export function groupOf(name: string, groups: { has(key: string): boolean }): string {
  if (!/^\d/.test(name)) return name;
  return WIDTHS.map((width) => name.slice(0, width)).find((key) => groups.has(key)) ?? name.slice(0, FINEST);
}

interface Counted {
  readonly taken: number;
  readonly present: number;
  readonly sum: bigint;
}

const NOTHING: Counted = { taken: 0, present: 0, sum: 0n };

/** Counts files by group while they are taken in. */
export class GroupCounter {
  readonly #groups = new Map<string, Counted>();
  readonly #isUnseen: (key: string) => boolean;

  /** `isUnseen` tells of the groups that were not looked at: they stay as they are, but for files that are new. */
  constructor(before: Groups = {}, isUnseen: (key: string) => boolean = () => false) {
    this.#isUnseen = isUnseen;
    for (const [key, [taken, present, sum]] of Object.entries(before)) {
      const kept = isUnseen(key) ? { present, sum: BigInt(`0x${sum}`) } : undefined;
      this.#groups.set(key, { ...NOTHING, taken, ...kept });
    }
  }

  /** A file that is there and is in; `isNew` where it was not before. */
  add(name: string, mark: bigint, isNew: boolean): void {
    const key = groupOf(name, this.#groups);
    if (!isNew && this.#isUnseen(key)) return;
    add(this.#groups, key, { taken: isNew ? 1 : 0, present: 1, sum: mark });
  }

  /** As it is remembered: the older, the coarser, so that it stays small. */
  groups(): Groups {
    const newest = Math.max(...[...this.#groups.keys()].map((key) => startMs(key) ?? 0));
    const merged = new Map<string, Counted>();
    for (const [key, group] of this.#groups) add(merged, widened(key, newest), group);
    const entries = [...merged].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(
      entries.map(([key, { taken, present, sum }]): [string, Group] => [key, [taken, present, sum.toString(16)]]),
    );
  }
}

function add(groups: Map<string, Counted>, key: string, more: Counted): void {
  const { taken, present, sum } = groups.get(key) ?? NOTHING;
  groups.set(key, {
    taken: taken + more.taken,
    present: present + more.present,
    sum: (sum + more.sum) % SUM_MODULUS,
  });
}

function widened(key: string, newestMs: number): string {
  const age = newestMs - (startMs(key) ?? newestMs);
  let wide = key;
  for (const [index, width] of [...WIDTHS.entries()].toReversed()) {
    const next = WIDTHS[index - 1];
    if (next !== undefined && wide.length === width && age > (KEPT_MS[width] ?? Infinity)) wide = wide.slice(0, next);
  }
  return wide;
}

/** When the time of a group begins; undefined for a load's. */
function startMs(key: string): number | undefined {
  if (!/^\d/.test(key)) return undefined;
  const text = key.length === 6 ? `${key}01000000` : key.padEnd(14, "0");
  const ms = Date.parse(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T${text.slice(8, 10)}:${text.slice(10, 12)}:00Z`); // prettier-ignore
  return Number.isNaN(ms) ? undefined : ms;
}
