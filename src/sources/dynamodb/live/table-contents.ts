import { SluiceError, jitteredDelayMs, must, type RetryPolicy } from "../../../base/index.ts";
import { decodeKey, type StructType } from "../../../contract/index.ts";
import type { Row } from "../../../engine/index.ts";
import { localStore } from "../../../storage/index.ts";
import type { Attributes, ContentsReading, SourceContents } from "../../contents.ts";
import type { StagedBatch } from "../../source.ts";
import { attributeText } from "../attribute-text.ts";
import type { Shape } from "../columns/shapes.ts";
import { attributesOf } from "../rebuild-record.ts";
import { ScanThreads } from "../scan/scan-threads.ts";
import { askItems, keyIn } from "./fetch-images.ts";
import { ImageFilter } from "./filtered-image.ts";
import { membersAt } from "./json-items.ts";
import { isOwn } from "./own-writes.ts";
import { ReadBudget } from "./read-budget.ts";
import { describe, type ScanOptions } from "./scan-channel.ts";
import { isWhole, newScan, segmentsFor } from "./scan-state.ts";
import type { JsonItems, TableClient } from "./table-client.ts";

interface TableParts {
  readonly client: TableClient;
  readonly hints: ReadonlyMap<string, Shape>;
}

type ContentsOptions = Omit<ScanOptions, "hasStream" | "everyMs">;

/** What a table has at present: all of it by a scan, some of it by its keys, strongly consistent. */
export function tableContents(options: ContentsOptions, parts: TableParts): SourceContents {
  return {
    read: (known, reading) => scanAll(options, parts, { known, reading }),
    find: async (keys, reading) => await findItems(options, parts.client, { keys, reading }),
    budget: async (units, world) => {
      const budget = new ReadBudget(world, units);
      await budget.fit(parts.client, await describe(parts.client, options));
      return must(budget.limit, "a budget that was fitted has a limit");
    },
    attributesOf: rowAttributes,
  };
}

async function* scanAll(
  options: ContentsOptions,
  { client, hints }: TableParts,
  { known: before, reading }: { readonly known: StructType; readonly reading: ContentsReading },
): AsyncGenerator<StagedBatch> {
  const { world, signal, limit, openFolder, onProgress } = reading;
  const [{ readPages }, { stageSnapshot }] = await Promise.all([import("./read-pages.ts"), import("./stage-live.ts")]);
  const { id: tableId, items: expected, sizeBytes } = await describe(client, options);
  const segments = options.segments ?? segmentsFor(sizeBytes);
  const threads = new ScanThreads();
  let known = before;
  let state = newScan({ tableId, epoch: 0, nowMs: world.nowMs(), segments, expected });
  try {
    while (!isWhole(state)) {
      await using folder = await openFolder();
      const read = state.items;
      const context = {
        world,
        folder: folder.path,
        ...(signal === undefined ? {} : { signal }),
        onProgress: ({ records, bytes }: { records: number; bytes: number }) =>
          onProgress?.({ records: read + records, bytes }),
      };
      const needs = { client, world, context, ...(limit === undefined ? {} : { readLimit: limit }) };
      const page = await readPages(state, { ...options, hasStream: false }, needs);
      const store = localStore(folder.path, { world });
      const snapshot = { channel: "scan", time: state.time, epoch: 0 } as const;
      const staging = { options, store, hints, known, context, threads };
      const staged = await stageSnapshot(staging, page.spooled, { snapshot, isWhole: false });
      yield staged;
      known = staged.schema;
      state = page.state;
    }
  } finally {
    await threads.close();
  }
}

/** BatchGetItem takes so many keys (AWS, "BatchGetItem"). */
const KEYS_PER_REQUEST = 100;
const BUSY: RetryPolicy = { attemptsMax: 12, baseDelayMs: 100, maxDelayMs: 10_000 };

async function findItems(
  { keys: names, filter }: ContentsOptions,
  client: TableClient,
  { keys, reading }: { readonly keys: readonly string[]; readonly reading: ContentsReading },
): Promise<ReadonlyMap<string, Attributes>> {
  const { world, signal, limit } = reading;
  const asking = {
    client,
    context: signal === undefined ? {} : { signal },
    ...(limit === undefined ? {} : { readLimit: limit }),
  };
  const images = filter === undefined ? undefined : new ImageFilter(filter);
  const found = new Map<string, Attributes>();
  const takeItems = ({ bytes, places }: JsonItems): void => {
    for (let at = 0; at < places.length; at += 2) {
      const item = Buffer.from(bytes.subarray(places[at], places[at + 1]));
      const whole = [0, item.length] as const;
      // What a publisher of Sluice wrote is not taken in, nor what the definition leaves out.
      if (isOwn(item, { newImage: whole }) || images?.matches(item, whole) === false) continue;
      const kept = images === undefined ? item : Buffer.concat(images.image(item, whole));
      found.set(must(keyIn(item, [], names), "an item has its key"), itemAttributes(kept));
    }
  };
  for (let start = 0; start < keys.length; start += KEYS_PER_REQUEST) {
    let asked: readonly string[] = keys.slice(start, start + KEYS_PER_REQUEST).map((key) => keyJson(key, names));
    for (let tried = 1; asked.length > 0; tried += 1) {
      signal?.throwIfAborted();
      const { items, left } = await askItems(asked, asking);
      takeItems(items);
      if (left.length < asked.length) tried = 0;
      if (tried >= BUSY.attemptsMax) throw tooBusy(client.where);
      if (left.length > 0) await world.sleep(jitteredDelayMs(world, BUSY, Math.max(1, tried)), signal);
      asked = left;
    }
  }
  return found;
}

/** The key as a request names it. */
function keyJson(key: string, names: readonly string[]): string {
  const members = decodeKey(key).map(
    ({ tag, value }, index) => `${JSON.stringify(names[index])}:{"${tag}":${JSON.stringify(value)}}`,
  );
  return `{${members.join(",")}}`;
}

function itemAttributes(item: Buffer): Attributes {
  const attributes = new Map<string, string>();
  for (const [spelt, [start, end]] of membersAt(item, 0)) {
    // A name may be spelt with escapes.
    const name = JSON.parse(`"${spelt}"`) as string;
    attributes.set(name, attributeText(item.toString("utf8", start, end)));
  }
  return attributes;
}

function rowAttributes(row: Row, schema: StructType): Attributes {
  const attributes = new Map<string, string>();
  for (const [name, json] of attributesOf(row, schema)) {
    // `"name":<value>`
    attributes.set(name, attributeText(json.slice(JSON.stringify(name).length + 1)));
  }
  return attributes;
}

function tooBusy(where: string): SluiceError {
  return new SluiceError("source.unavailable", "Cannot look at the table's items: it is throttled", {
    facts: { at: where, tries: BUSY.attemptsMax },
    advice: "Run again later, with a lower `--read-capacity`, or raise the table's.",
  });
}
