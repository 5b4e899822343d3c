import { describe, expect, test } from "vitest";
import { field, struct } from "../../contract/index.ts";
import { simulatedWorld } from "../../base/index.ts";
import { memoryStore } from "../../storage/index.ts";
import { addOf, append, committed, createTable, metadataOf, rewrite, testLog } from "../../../test/delta-builders.ts";
import { READ_NOTHING, removeOf } from "../index.ts";
import type {
  AddFile,
  CommitChanges,
  CommitRequest,
  ConflictReason,
  ReadSet,
  RemoveFile,
  Snapshot,
  TableMetadata,
} from "../index.ts";
import { checkConflict, isBlindAppend, isolationLevelOf } from "./check-conflict.ts";

const A1 = addOf("a", { partitionValues: { x: "1" } });
const B1 = addOf("b", { partitionValues: { x: "1" } });
const C1 = addOf("c", { partitionValues: { x: "1" } });
const WHOLE: ReadSet = { wholeTable: true, files: new Set() };

interface Case {
  readonly name: string;
  readonly live?: readonly AddFile[];
  readonly reads?: ReadSet;
  readonly ours?: Partial<CommitRequest>;
  readonly winner: Partial<CommitChanges>;
  readonly conflict: ConflictReason | undefined;
}

/** What Delta's own declarative cases (spark-cases.test.ts) leave open. */
const CASES: readonly Case[] = [
  {
    name: "compaction / compaction of the same file, though neither changes data",
    live: [A1],
    ours: { removes: [still(removeOf(A1, 5))], adds: [stillAdd(C1)] },
    winner: { removes: [still(removeOf(A1, 4))], adds: [stillAdd(B1)] },
    conflict: "concurrent-delete-delete",
  },
  {
    name: "a deletion vector / a compaction of the same file",
    live: [A1],
    ours: { removes: [still(removeOf(A1, 5))], adds: [stillAdd(C1)] },
    winner: { removes: [removeOf(A1, 4)], adds: [withVector(A1)] },
    conflict: "concurrent-delete-delete",
  },
  {
    name: "a blind append / reading everything and writing",
    reads: WHOLE,
    ours: { adds: [C1] },
    winner: { adds: [A1], commitInfo: { isBlindAppend: true } },
    conflict: undefined,
  },
  {
    name: "a blind append / reading everything and changing the schema",
    reads: WHOLE,
    ours: { adds: [C1], metadata: otherMetadata() },
    winner: { adds: [A1], commitInfo: { isBlindAppend: true } },
    conflict: "concurrent-append",
  },
  {
    name: "any append / an overwrite that changes the schema",
    live: [A1],
    ours: { removes: [removeOf(A1, 5)], adds: [C1], metadata: otherMetadata() },
    winner: { adds: [B1], commitInfo: { isBlindAppend: true } },
    conflict: "concurrent-append",
  },
  {
    name: "an append / compaction that read everything",
    live: [A1],
    reads: WHOLE,
    ours: { removes: [still(removeOf(A1, 5))], adds: [stillAdd(C1)] },
    winner: { adds: [B1] },
    conflict: undefined,
  },
  {
    name: "deleted / given new statistics",
    live: [A1],
    ours: { adds: [stillAdd(A1)] },
    winner: { removes: [removeOf(A1, 4)] },
    conflict: "concurrent-delete-read",
  },
  {
    name: "the same new file, twice",
    ours: { adds: [C1] },
    winner: { adds: [C1] },
    conflict: "concurrent-append",
  },
  {
    name: "a transaction that the caller expects",
    ours: { adds: [C1], txns: [{ appId: "t1", version: 2, expected: 1 }] },
    winner: { txns: [{ appId: "t1", version: 1 }] },
    conflict: undefined,
  },
  {
    name: "a rewrite / a rewrite under the same guard",
    ours: { adds: [C1], txns: [{ appId: "t1", version: 1, expected: 1 }] },
    winner: { txns: [{ appId: "t1", version: 1 }] },
    conflict: "concurrent-transaction",
  },
  {
    name: "the same domain",
    ours: { domains: [{ domain: "app", configuration: "1", removed: false }] },
    winner: { domains: [{ domain: "app", configuration: "2", removed: false }] },
    conflict: "domain-changed",
  },
  {
    name: "another domain",
    ours: { domains: [{ domain: "app", configuration: "1", removed: false }] },
    winner: { domains: [{ domain: "other", configuration: "2", removed: false }] },
    conflict: undefined,
  },
];

describe("concurrent commits", () => {
  for (const one of CASES) {
    const verdict = one.conflict === undefined ? "is allowed" : `is ${one.conflict}`;
    test(`${one.name} ${verdict}`, async () => {
      expect(checkConflict(await requestOf(one), winnerOf(one.winner))).toBe(one.conflict);
    });
  }

  test("of a blind append conflict with readers where the table is serializable", async () => {
    const base = await tableWith([], { "delta.isolationLevel": "Serializable" });
    const request = append(base, ["c"], { reads: WHOLE });
    const winner = winnerOf({ adds: [addOf("z")], commitInfo: { isBlindAppend: true } });
    expect(isolationLevelOf(request)).toBe("Serializable");
    expect(checkConflict(request, winner)).toBe("concurrent-append");
  });

  test("are blind appends only when they add files and have read nothing", async () => {
    const base = await tableWith([addOf("a")]);
    expect(isBlindAppend(append(base, ["b"]))).toBe(true);
    expect(isBlindAppend(append(base, ["b"], { reads: WHOLE }))).toBe(false);
    expect(isBlindAppend(append(base, ["b"], { reads: { wholeTable: false, files: new Set(["a"]) } }))).toBe(false);
    expect(isBlindAppend(append(base, []))).toBe(false);
    expect(isBlindAppend(append(base, ["a"]))).toBe(false);
    expect(isBlindAppend(rewrite(base, ["a"], { into: ["b"] }))).toBe(false);
    expect(READ_NOTHING.wholeTable).toBe(false);
  });
});

async function requestOf(one: Case): Promise<CommitRequest> {
  const base = await tableWith(one.live ?? []);
  return { base, operation: "TEST", adds: [], removes: [], reads: one.reads ?? READ_NOTHING, ...one.ours };
}

function winnerOf(winner: Partial<CommitChanges>): CommitChanges {
  return { version: 2, adds: [], removes: [], changeFiles: [], txns: [], domains: [], ...winner };
}

async function tableWith(files: readonly AddFile[], configuration: Record<string, string> = {}): Promise<Snapshot> {
  const log = testLog(memoryStore({ world: simulatedWorld(1) }));
  const schema = struct([field("x", "string"), field("value", "long")]);
  const isPartitioned = files.some((file) => "x" in file.partitionValues);
  const metadata = metadataOf({ schema, configuration, partitionColumns: isPartitioned ? ["x"] : [] });
  const created = await createTable(log, metadata, schema);
  return committed(await log.commit(append(created, [], { adds: files })));
}

function otherMetadata(): TableMetadata {
  const schema = struct([field("other", "string")]);
  return { ...metadataOf({ schema }), schema };
}

function still(remove: RemoveFile): RemoveFile {
  return { ...remove, dataChange: false };
}

function stillAdd(add: AddFile): AddFile {
  return { ...add, dataChange: false };
}

function withVector(add: AddFile): AddFile {
  return { ...add, deletionVector: { storageType: "i", pathOrInlineDv: "00000", sizeInBytes: 4, cardinality: 1 } };
}
