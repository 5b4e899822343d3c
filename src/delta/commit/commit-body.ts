import { JsonNumber, packageVersion, stringifyJson, type JsonObject } from "../../base/index.ts";
import type { TxnAction } from "../actions.ts";
import {
  addJson,
  changeFileJson,
  domainJson,
  metadataJson,
  protocolJson,
  removeJson,
  txnJson,
} from "../log/action-json.ts";
import { optional } from "../log/action-members.ts";
import type { CommitRequest } from "../transaction.ts";
import type { PlacedRequest } from "./place-request.ts";
import { isBlindAppend, isolationLevelOf } from "./check-conflict.ts";

/** What makes a commit unmistakable, and when it is made. */
export interface CommitStamp {
  readonly txnId: string;
  readonly nowMs: number;
  /** URIs that the log names files with where they differ from ours: other engines compare them as text. */
  readonly uris: Pick<ReadonlyMap<string, string>, "get">;
}

/** The content of a commit file: `commitInfo` first, then one action a line. */
export function commitBody(request: PlacedRequest, stamp: CommitStamp): Uint8Array {
  const lines: JsonObject[] = [{ commitInfo: commitInfoJson(request, stamp) }];
  if (request.protocol !== undefined) lines.push({ protocol: protocolJson(request.protocol) });
  if (request.metadata !== undefined) lines.push({ metaData: metadataJson(request.metadata) });
  for (const txn of claimedTxns(request, stamp)) lines.push({ txn: txnJson(txn) });
  for (const domain of request.domains ?? []) lines.push({ domainMetadata: domainJson(domain) });
  for (const remove of request.removes) lines.push({ remove: removeJson(remove, stamp.uris.get(remove.path)) });
  for (const file of request.changeFiles ?? []) lines.push({ cdc: changeFileJson(file) });
  for (const add of request.adds) lines.push({ add: addJson(add, stamp.uris.get(add.path)) });
  return new TextEncoder().encode(`${lines.map((line) => stringifyJson(line)).join("\n")}\n`);
}

function commitInfoJson(request: PlacedRequest, stamp: CommitStamp): JsonObject {
  return {
    ...optional("inCommitTimestamp", request.inCommitTimestampMs),
    timestamp: stamp.nowMs,
    operation: request.operation,
    ...optional("tags", request.keepsRowIds === true ? { "delta.rowTracking.preserved": "true" } : undefined),
    operationParameters: request.operationParameters ?? {},
    ...optional("readVersion", request.base?.version),
    isolationLevel: isolationLevelOf(request),
    isBlindAppend: isBlindAppend(request),
    ...optional("operationMetrics", metricTexts(request.operationMetrics)),
    engineInfo: ENGINE_INFO,
    txnId: stamp.txnId,
  };
}

function claimedTxns(request: CommitRequest, stamp: CommitStamp): TxnAction[] {
  return (request.txns ?? []).map(({ appId, version }) => ({ appId, version, lastUpdated: stamp.nowMs }));
}

/** Metrics are text in every engine's history. */
function metricTexts(metrics: JsonObject | undefined): JsonObject | undefined {
  if (metrics === undefined) return undefined;
  const texts = Object.entries(metrics).map(([name, value]): [string, JsonObject[string]] => [
    name,
    typeof value === "number" || typeof value === "bigint" || value instanceof JsonNumber ? String(value) : value,
  ]);
  return Object.fromEntries(texts);
}

const ENGINE_INFO = `sluice/${packageVersion()}`;
