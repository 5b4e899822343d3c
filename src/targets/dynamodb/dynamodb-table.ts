import type { World } from "../../base/index.ts";
import { contentHash, type AttributeMap, type StructType } from "../../contract/index.ts";
import type { Row } from "../../engine/index.ts";
import type { EncodedRow, OpenTarget, Target, TargetChange, UnfitRow, WriteVerdict } from "../target.ts";
import { UnfitValue, attributesOf } from "./attribute-value.ts";
import { connect } from "./connection.ts";
import { capacityOf, checkKeys, describeTable, type WantedKey } from "./describe-table.ts";
import { ITEM_BYTES_MAX, UNIT_BYTES, itemBytes } from "./item-size.ts";
import { keyAttributes, keyTexts, type KeyAttribute } from "./key-attributes.ts";
import { DELETED, judgeRefusal, markerAttribute, markerBytes, writeCondition } from "./marker.ts";
import { deleteTombstone } from "./delete-tombstone.ts";
import { putIf, refusedItem } from "./put-item.ts";
import { readMark, writeMark } from "./publish-mark.ts";
import { Requests } from "./requests.ts";
import { scanItems } from "./scan-items.ts";

export interface DynamoDbTargetOptions {
  readonly table: string;
  /** Key attributes as the table has them: the partition key, then the sort key if there is one. */
  readonly keys: readonly WantedKey[];
  /** `<lake>/<table>`. */
  readonly publisher: string;
  readonly region?: string;
  readonly endpoint?: string;
  /** Units of write capacity that may be used a second. Default: half of what is provisioned, 500 where nothing is. */
  readonly writeCapacity?: number;
  /** What becomes of items without a marker that stand where a row belongs. */
  readonly existing: "refuse" | "replace";
  /** How long a tombstone stays. */
  readonly tombstoneMs: number;
  /** The table's TTL attribute: tombstones carry it. */
  readonly ttlAttribute?: string;
}

/** On-demand tables take four thousand a second from the start; the application that reads from it gets most of them. */
const ON_DEMAND_UNITS = 500;

/** A DynamoDB table to publish to. The SDK is loaded by `open`. */
export function dynamodbTable(
  options: DynamoDbTargetOptions,
  { world, signal }: { readonly world: World; readonly signal?: AbortSignal },
): Target {
  return {
    title: `DynamoDB table ${options.table}`,
    open: async () => {
      const connection = connect(options);
      const requests = new Requests(connection, { table: options.table, world, signal });
      const described = await describeTable(requests);
      checkKeys(options.table, described, options.keys);
      const share = described.write === undefined ? ON_DEMAND_UNITS : Math.max(1, described.write / 2);
      requests.limitWrites(options.writeCapacity ?? share);
      const { keys } = described;
      return openTable({ options, requests, keys, world }, capacityOf(requests, described, world));
    },
  };
}

interface Parts {
  readonly options: DynamoDbTargetOptions;
  readonly requests: Requests;
  readonly keys: readonly KeyAttribute[];
  readonly world: World;
}

function openTable(parts: Parts, capacity: OpenTarget["capacity"]): OpenTarget {
  const { options, requests, keys, world } = parts;
  const { publisher } = options;
  return {
    capacity,
    encode: (row, key, schema) => encode(parts, row, { key, schema }),
    readMark: async () => await readMark(requests, { publisher, keys }),
    writeMark: async (mark, replaces) => await writeMark(requests, { mark, replaces, keys }),
    write: async (change, keep) => await write(parts, change, keep),
    forget: async ({ key, sequence }, keep) => {
      await deleteTombstone(requests, { key: keyAttributes(key, keys), publisher, sequence, keep });
    },
    items: (limits) =>
      scanItems(requests, { publisher, keys, expiredBeforeMs: world.nowMs() - options.tombstoneMs, world, ...limits }),
    [Symbol.asyncDispose]: async () => {
      requests.connection.client.destroy();
      await Promise.resolve();
    },
  };
}

function encode(
  { options, keys }: Parts,
  row: Row,
  { key, schema }: { readonly key: readonly string[]; readonly schema: StructType },
): EncodedRow | UnfitRow {
  try {
    const own = keyAttributes(key, keys);
    const columns = attributesOf(row, schema);
    for (const { name } of keys) {
      if (columns[name] === undefined) continue;
      if (contentHash({ [name]: columns[name] }) === contentHash({ [name]: own[name] ?? { NULL: true } })) continue;
      throw new UnfitValue(`column ${name} has the name of a key attribute and another value`);
    }
    const item: AttributeMap = { ...columns, ...own };
    const sizeBytes = itemBytes(item) + markerBytes(options.publisher);
    if (sizeBytes > ITEM_BYTES_MAX) {
      throw new UnfitValue(`its item has ${sizeBytes} bytes, and DynamoDB takes ${ITEM_BYTES_MAX}`);
    }
    return { key: keyTexts(item, keys), hash: contentHash(item), sizeBytes, item };
  } catch (error) {
    if (error instanceof UnfitValue) return { key, flaw: error.message };
    throw error;
  }
}

async function write(parts: Parts, change: TargetChange, keep: () => Promise<void>): Promise<WriteVerdict> {
  const { options, requests, keys, world } = parts;
  const { publisher } = options;
  const { sequence, row } = change;
  const hash = row?.hash ?? DELETED;
  const writtenMs = world.nowMs();
  const marker = markerAttribute({ publisher, sequence, hash, isDeleted: row === undefined, writtenMs });
  const item = {
    ...(row === undefined ? tombstone(parts, change.key, writtenMs) : (row.item as AttributeMap)),
    _sluice: marker,
  };
  const condition = writeCondition(change, {
    publisher,
    hash,
    partition: keys[0]?.name ?? "",
    replacesForeign: options.existing === "replace",
  });
  const units = Math.ceil((row?.sizeBytes ?? 1) / UNIT_BYTES);
  try {
    return { kind: "written", units: await putIf(requests, { item, condition, units, keep }) };
  } catch (error) {
    const existing = await refusedItem(requests, error, { item, keys });
    return judgeRefusal(existing, { publisher, hash, sequence });
  }
}

/** Stands for no item, and keeps an older publish from putting one there. It has a key and no other attribute that an index could show. */
function tombstone({ options, keys }: Parts, key: readonly string[], writtenMs: number): AttributeMap {
  const own = keyAttributes(key, keys);
  if (options.ttlAttribute === undefined) return own;
  return { ...own, [options.ttlAttribute]: { N: String(Math.ceil((writtenMs + options.tombstoneMs) / 1_000)) } };
}
