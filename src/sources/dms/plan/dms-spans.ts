import type { BatchFile } from "../../../contract/index.ts";
import { joinTallies } from "../../file-tally.ts";
import type { BatchRange, ChannelHistory, FileTally, Limit, MissingPart, SourcePart, Span } from "../../span.ts";
import { decodeMemory } from "./memory.ts";

const LOAD = "load";
const CHANGES = "files of changes";
const TRANSACTIONS = "files of transactions";
const OTHERS = "transactions of other tables";

/** The kind of a file by its name (AWS DMS User Guide, "Using Amazon S3 as a target"); of a full load with its number. */
export function kindOfFile({ path, rows }: Pick<BatchFile, "path" | "rows">): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const [, number] = /^LOAD([0-9A-F]+)\./i.exec(name) ?? [];
  if (number !== undefined) return `${LOAD} ${Number.parseInt(number, 16)}`;
  // How the segments of a parallel load are numbered nobody says.
  if (name.startsWith("SEGMENT")) return `${LOAD} segment`;
  if (name.startsWith("CDC_TXN")) return rows === 0 ? OTHERS : TRANSACTIONS;
  return CHANGES;
}

const MISSING: Limit = {
  kind: "missing-files",
  text: "files of changes have no numbers: one that is missing leaves no trace, and numbers of changes (AR_H_CHANGE_SEQ) have gaps of their own",
};
const LOAD_BEGIN: Limit = {
  kind: "load-begin",
  text: "when the full load began is not in its files: only where the task was one of full load and changes nothing lies between the two",
};
const LOAD_END: Limit = {
  kind: "load-end",
  text: "whether the full load has ended is not known: no file of changes of the table has come behind it",
};

/** What files of AWS DMS brought: of each epoch its full load, and the changes behind it. A number that was left out in the load is known to be missing. */
export function dmsSpans({ epochs, moved }: ChannelHistory): readonly Span[] {
  const memory = decodeMemory(moved ?? epochs.at(-1)?.end ?? "{}");
  const byNumber = new Map<number, Epoch>();
  // Files of an earlier load may come late, and between those of the present one.
  for (const { epoch, batches, files = new Map<string, FileTally>() } of epochs) {
    byNumber.set(epoch, joined(byNumber.get(epoch), { epoch, batches, files }));
  }
  const known = [...byNumber.values()].toSorted((left, right) => left.epoch - right.epoch);
  return known.flatMap((one, index) => {
    const isLast = index === known.length - 1;
    return spansOf(one, { isLast, isLoading: isLast && memory?.isLoading === true });
  });
}

interface Epoch {
  readonly epoch: number;
  readonly batches: BatchRange;
  readonly files: ReadonlyMap<string, FileTally>;
}

function joined(before: Epoch | undefined, after: Epoch): Epoch {
  if (before === undefined) return after;
  const files = new Map(before.files);
  for (const [kind, tally] of after.files) files.set(kind, joinTallies(files.get(kind), tally));
  const { first, firstMs } = before.batches;
  const count = before.batches.count + after.batches.count;
  return { epoch: after.epoch, batches: { ...after.batches, first, firstMs, count, rows: 0 }, files };
}

interface Place {
  readonly isLast: boolean;
  readonly isLoading: boolean;
}

function spansOf(one: Epoch, place: Place): readonly Span[] {
  const load = sumOf(one.files, isOfLoad);
  const changes = sumOf(one.files, (kind) => kind === CHANGES || kind === TRANSACTIONS);
  const loads = load === undefined ? [] : [loadSpan(one, load, { ...place, isEnded: isEnded(load, changes, place) })];
  return changes === undefined ? loads : [...loads, changesSpan(one, changes, { ...place, load })];
}

/** DMS writes changes of a table once its load is done. */
function isEnded({ firstMs = 0 }: FileTally, changes: FileTally | undefined, { isLoading }: Place): boolean {
  return !isLoading && changes?.lastMs !== undefined && changes.lastMs >= firstMs;
}

const OWN = { channel: "files", overlapMs: 0, isUnproven: true } as const;

function loadSpan(
  { epoch, batches, files }: Epoch,
  load: FileTally,
  { isLast, isLoading, isEnded: isWhole }: Place & { readonly isEnded: boolean },
): Span {
  const { firstMs: atMs = 0 } = load;
  const progress = { done: load.files, of: undefined, what: "files" };
  return {
    ...OWN,
    epoch,
    kind: "snapshot",
    title: "full load",
    fromMs: undefined,
    toMs: isLoading ? undefined : atMs,
    atMs,
    batches: { ...batches, rows: load.rows },
    parts: [{ name: "full load", state: "read", upToMs: undefined, files: load }],
    ...(isLoading ? { progress } : {}),
    ...(isWhole ? { missing: missingOf(files, load) } : {}),
    ...(isLast ? { limits: isWhole ? [LOAD_BEGIN] : [LOAD_BEGIN, LOAD_END] } : {}),
  };
}

function changesSpan(
  { epoch, batches, files }: Epoch,
  changes: FileTally,
  { isLast, load }: Place & { readonly load: FileTally | undefined },
): Span {
  const { firstMs = 0, lastMs = 0, oldestMs = firstMs, newestMs = lastMs } = changes;
  const fromMs = load?.firstMs ?? oldestMs;
  return {
    ...OWN,
    epoch,
    kind: "changes",
    title: "files of changes",
    fromMs,
    toMs: Math.max(fromMs, newestMs),
    batches: { ...batches, rows: changes.rows },
    parts: [...files].filter(([kind]) => !isOfLoad(kind)).map(partOf),
    ...(isLast ? { limits: [MISSING] } : {}),
  };
}

function isOfLoad(kind: string): boolean {
  return kind.startsWith(`${LOAD} `);
}

function sumOf(files: ReadonlyMap<string, FileTally>, is: (kind: string) => boolean): FileTally | undefined {
  return [...files].reduce<FileTally | undefined>(
    (sum, [kind, tally]) => (is(kind) ? joinTallies(sum, tally) : sum),
    undefined,
  );
}

/** Files of changes, with the commit times from which to which they reach. */
function partOf([name, files]: readonly [kind: string, files: FileTally]): SourcePart {
  const { oldestMs, newestMs } = files;
  return {
    name,
    state: "read",
    upToMs: undefined,
    files,
    ...(oldestMs === undefined ? {} : { from: { ms: oldestMs } }),
    ...(newestMs === undefined ? {} : { to: { ms: newestMs } }),
  };
}

/** Numbers that are named at most. */
const NAMED_MAX = 5;

/** Files of a full load are numbered from 1 on, in hexadecimal digits, without a gap. */
function missingOf(files: ReadonlyMap<string, FileTally>, { lastMs = 0 }: FileTally): readonly MissingPart[] {
  const numbers = new Set(
    [...files.keys()].map((kind) => Number(kind.slice(LOAD.length + 1))).filter(Number.isInteger),
  );
  const highest = Math.max(0, ...numbers);
  const left = Array.from({ length: highest }, (_, index) => index + 1).filter((number) => !numbers.has(number));
  if (left.length === 0) return [];
  const names = left.slice(0, NAMED_MAX).map((number) => `LOAD${number.toString(16).toUpperCase().padStart(8, "0")}`);
  const more = left.length > NAMED_MAX ? ` and ${left.length - NAMED_MAX} more` : "";
  const what = `${names.join(", ")}${more} of the full load`;
  const advice = "Have AWS DMS write these files again, or reload the table";
  return [{ kind: "missing", what, toMs: lastMs, neededMs: lastMs + 1, advice }];
}
