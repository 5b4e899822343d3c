import { SluiceError, isFailure, messageOf, parseJson, stringifyJson } from "../../base/index.ts";
import type { TxnAction } from "../actions.ts";
import type { TableHead } from "../snapshot.ts";
import { domainJson, metadataJson, protocolJson, txnJson } from "./action-json.ts";
import { ActionMembers } from "./action-members.ts";
import { checksumPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";
import { readDomain, readMetadata, readProtocol, readTxn } from "./read-action.ts";
import { tellsOwnTime } from "./table-properties.ts";
import type { TableSnapshot } from "./table-snapshot.ts";
import { HISTOGRAM_BOUNDARIES } from "./totals.ts";

/**
 * The head of a version out of its checksum file (Delta PROTOCOL, "Version Checksum File"). undefined when the file is missing,
 * damaged, or leaves out what a head needs; a damaged one is reported as a warning, the log says the same without it.
 */
export async function readChecksum(access: LogAccess, version: number): Promise<TableHead | undefined> {
  return await readMembers(access, version, (members, where) => readHead(version, members, where));
}

/**
 * Whether the version's checksum file has as many files and bytes as the snapshot and the same domains; undefined where there is none
 * that could be used.
 */
export async function agreesWithChecksum(
  access: LogAccess,
  { version, domains, state: { totals } }: TableSnapshot,
): Promise<boolean | undefined> {
  return await readMembers(access, version, (members, where) => {
    const listed = members.optionalList("domainMetadata") ?? [];
    const known = listed.map((item) => readDomain(new ActionMembers(item, "checksum.domainMetadata", where)));
    return (
      members.count("numFiles") === totals.files &&
      members.count("tableSizeBytes") === totals.sizeBytes &&
      known.length === domains.size &&
      known.every(({ domain, configuration }) => domains.get(domain)?.configuration === configuration)
    );
  });
}

async function readMembers<Content>(
  access: LogAccess,
  version: number,
  read: (members: ActionMembers, where: string) => Content,
): Promise<Content | undefined> {
  const path = checksumPath(version);
  let body: Uint8Array;
  try {
    body = await access.store.read(path);
  } catch (error) {
    if (isFailure(error, "storage.missing")) return undefined;
    throw error;
  }
  try {
    const json = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return read(new ActionMembers(json, "checksum", path), path);
  } catch (error) {
    if (isFailure(error) && error.code !== "table.corrupt") throw error;
    const why = messageOf(error);
    access.onWarning(new SluiceError("table.corrupt", `Cannot use ${path}: ${why}`, { cause: error }));
    return undefined;
  }
}

/** The body of a version's checksum file, from sums that are kept commit by commit. */
export function checksumBody(snapshot: TableSnapshot, txnId: string): Uint8Array {
  const { totals } = snapshot.state;
  const json = {
    txnId,
    ...(tellsOwnTime(snapshot.metadata.configuration) ? { inCommitTimestampOpt: snapshot.timestampMs } : {}),
    tableSizeBytes: totals.sizeBytes,
    numFiles: totals.files,
    numDeletedRecordsOpt: totals.deletedRecords,
    numDeletionVectorsOpt: totals.deletionVectors,
    numMetadata: 1,
    numProtocol: 1,
    setTransactions: [...snapshot.txns.values()].map(txnJson),
    domainMetadata: [...snapshot.domains.values()].map(domainJson),
    metadata: metadataJson(snapshot.metadata),
    protocol: protocolJson(snapshot.protocol),
    fileSizeHistogram: {
      sortedBinBoundaries: [...HISTOGRAM_BOUNDARIES],
      fileCounts: [...totals.histogramFiles],
      totalBytes: [...totals.histogramBytes],
    },
  };
  return new TextEncoder().encode(stringifyJson(json));
}

function readHead(version: number, members: ActionMembers, where: string): TableHead | undefined {
  members.count("tableSizeBytes");
  members.count("numFiles");
  if (members.count("numMetadata") !== 1 || members.count("numProtocol") !== 1) {
    return members.fail("numMetadata and numProtocol must be 1");
  }
  const metadata = members.nested("metadata");
  const protocol = members.nested("protocol");
  const setTransactions = members.optionalList("setTransactions");
  // Old writers leave out the first two, and any may leave out the transactions: then only replay knows them.
  if (metadata === undefined || protocol === undefined || setTransactions === undefined) return undefined;
  const txns = new Map<string, TxnAction>();
  for (const item of setTransactions) {
    const txn = readTxn(new ActionMembers(item, "checksum.setTransactions", where));
    txns.set(txn.appId, txn);
  }
  return { version, protocol: readProtocol(protocol), metadata: readMetadata(metadata, where), txns };
}
