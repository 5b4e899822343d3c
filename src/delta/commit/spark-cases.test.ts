import { describe, expect, test } from "vitest";
import { simulatedWorld, stringifyJson, type JsonObject } from "../../base/index.ts";
import { field, struct } from "../../contract/index.ts";
import { memoryStore } from "../../storage/index.ts";
import {
  addOf,
  append,
  bytesOf,
  commitFile,
  committed,
  createTable,
  latestOf,
  metadataOf,
  shownSnapshot,
  testLog,
} from "../../../test/delta-builders.ts";
import { READ_NOTHING, removeOf } from "../index.ts";
import type {
  AddFile,
  CommitRequest,
  ConflictReason,
  MetadataAction,
  ProtocolAction,
  ReadSet,
  RemoveFile,
  TxnAction,
} from "../index.ts";
import { addJson, metadataJson, protocolJson, removeJson, txnJson } from "../log/action-json.ts";

/** What another engine commits meanwhile: bare actions, without a word on what it has read. */
interface ConcurrentWrite {
  readonly adds?: readonly AddFile[];
  readonly removes?: readonly RemoveFile[];
  readonly txns?: readonly TxnAction[];
  readonly metadata?: MetadataAction;
  readonly protocol?: ProtocolAction;
}

interface Case {
  readonly name: string;
  readonly setUp?: readonly AddFile[];
  readonly reads?: ReadSet;
  readonly concurrentWrite: ConcurrentWrite;
  readonly actions?: Partial<CommitRequest>;
  readonly conflict: ConflictReason | undefined;
}

const SCHEMA = struct([field("x", "string"), field("value", "long")]);
const A1 = addOf("a", { partitionValues: { x: "1" } });
const A2 = addOf("a", { partitionValues: { x: "2" } });
const B1 = addOf("b", { partitionValues: { x: "1" } });
const B2 = addOf("b", { partitionValues: { x: "2" } });
const C1 = addOf("c", { partitionValues: { x: "1" } });
const WHOLE: ReadSet = { wholeTable: true, files: new Set() };

/** Reading by a predicate over partitions also means reading the files that were there. */
function reading(values: readonly string[], ...files: readonly AddFile[]): ReadSet {
  return {
    wholeTable: true,
    files: new Set(files.map((file) => file.path)),
    covers: (partition) => values.includes(partition["x"] ?? ""),
  };
}

/** The declarative cases of Delta's own suite for optimistic transactions, by their names there. */
const ALLOWED: readonly Case[] = [
  { name: "append / append", concurrentWrite: { adds: [A1] }, actions: { adds: [B1] }, conflict: undefined },
  {
    name: "disjoint txns",
    concurrentWrite: { txns: [{ appId: "t2", version: 0, lastUpdated: 1234 }] },
    actions: { txns: [{ appId: "t1", version: 1 }] },
    conflict: undefined,
  },
  {
    name: "disjoint delete / read",
    setUp: [A2],
    reads: reading(["1"]),
    concurrentWrite: { removes: [removeOf(A2, 4)] },
    conflict: undefined,
  },
  {
    name: "disjoint add / read",
    reads: reading(["1"]),
    concurrentWrite: { adds: [A2] },
    actions: { adds: [C1] },
    conflict: undefined,
  },
  {
    name: "add / read + no write",
    reads: reading(["1"]),
    concurrentWrite: { adds: [A1] },
    conflict: undefined,
  },
];

const BLOCKED: readonly Case[] = [
  {
    name: "delete / delete",
    setUp: [A1],
    concurrentWrite: { removes: [removeOf(A1, 4)] },
    actions: { removes: [removeOf(A1, 5)] },
    conflict: "concurrent-delete-delete",
  },
  {
    name: "add / read + write",
    reads: reading(["1"]),
    concurrentWrite: { adds: [A1] },
    actions: { adds: [C1] },
    conflict: "concurrent-append",
  },
  {
    name: "add in part=2 / read from part=1,2 and write to part=1",
    reads: reading(["1", "2"]),
    concurrentWrite: { adds: [B2] },
    actions: { adds: [C1] },
    conflict: "concurrent-append",
  },
  {
    name: "delete / read",
    setUp: [A1],
    reads: reading(["1"], A1),
    concurrentWrite: { removes: [removeOf(A1, 4)] },
    conflict: "concurrent-delete-read",
  },
  {
    name: "schema change",
    concurrentWrite: { metadata: metadataOf({ schema: struct([field("other", "string")]) }) },
    conflict: "metadata-changed",
  },
  {
    name: "conflicting txns",
    concurrentWrite: { txns: [{ appId: "t1", version: 0 }] },
    actions: { txns: [{ appId: "t1", version: 1 }] },
    conflict: "concurrent-transaction",
  },
  {
    name: "upgrade / upgrade",
    concurrentWrite: { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    actions: { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    conflict: "protocol-changed",
  },
  {
    name: "taint whole table",
    setUp: [A2],
    reads: WHOLE,
    concurrentWrite: { adds: [B1] },
    actions: { adds: [C1] },
    conflict: "concurrent-append",
  },
  {
    name: "taint whole table + concurrent remove",
    setUp: [A2],
    reads: WHOLE,
    concurrentWrite: { removes: [removeOf(A2, 4)] },
    actions: { adds: [C1] },
    conflict: "concurrent-delete-read",
  },
];

describe.each(["WriteSerializable", "Serializable"])("Delta's own cases of concurrent commits (%s)", (isolation) => {
  test.each(ALLOWED)("$name: allowed", async (one) => {
    const { store, outcome, ours, after } = await race(one, isolation);
    expect(outcome.kind).toBe("committed");
    const log = testLog(store);
    const newest = await latestOf(log);
    expect(newest.version).toBe(ours);
    // Whoever has followed the commits and whoever opens the table anew see both.
    expect(shownSnapshot(newest)).toEqual(shownSnapshot(after));
    for (const add of [...(one.concurrentWrite.adds ?? []), ...(one.actions?.adds ?? [])]) {
      expect(newest.files.has(add.path)).toBe(true);
    }
    for (const remove of one.concurrentWrite.removes ?? []) expect(newest.files.has(remove.path)).toBe(false);
    for (const { appId } of [...(one.concurrentWrite.txns ?? []), ...(one.actions?.txns ?? [])]) {
      expect(newest.txns.has(appId)).toBe(true);
    }
  });

  test.each(BLOCKED)("$name: blocked ($conflict)", async (one) => {
    const { store, outcome, ours } = await race(one, isolation);
    expect(outcome).toMatchObject({ kind: "conflict", reason: one.conflict, winner: ours - 1 });
    // Nothing of it was written.
    expect(await store.stat(commitFile(ours))).toBeUndefined();
    expect((await latestOf(testLog(store))).version).toBe(ours - 1);
  });
});

/** Our commit is prepared, another engine commits, and then ours is made; `ours` is the version that it can get. */
async function race(one: Case, isolation: string) {
  const store = memoryStore({ world: simulatedWorld(1) });
  const log = testLog(store);
  const metadata = metadataOf({
    schema: SCHEMA,
    configuration: { "delta.isolationLevel": isolation },
    partitionColumns: ["x"],
  });
  let base = await createTable(log, metadata, SCHEMA);
  if (one.setUp !== undefined) base = committed(await log.commit(append(base, [], { adds: one.setUp })));
  await store.create(commitFile(base.version + 1), bytesOf(linesOf(one.concurrentWrite)));
  const outcome = await log.commit({
    base,
    operation: "TEST",
    adds: [],
    removes: [],
    reads: one.reads ?? READ_NOTHING,
    ...one.actions,
  });
  return { store, outcome, ours: base.version + 2, after: outcome.snapshot };
}

function linesOf({ adds = [], removes = [], txns = [], metadata, protocol }: ConcurrentWrite): string {
  const lines: JsonObject[] = [
    ...(protocol === undefined ? [] : [{ protocol: protocolJson(protocol) }]),
    ...(metadata === undefined ? [] : [{ metaData: metadataJson(metadata) }]),
    ...txns.map((txn) => ({ txn: txnJson(txn) })),
    ...removes.map((remove) => ({ remove: removeJson(remove, undefined) })),
    ...adds.map((add) => ({ add: addJson(add, undefined) })),
  ];
  return `${lines.map((line) => stringifyJson(line)).join("\n")}\n`;
}
