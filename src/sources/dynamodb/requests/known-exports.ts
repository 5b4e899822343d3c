import type { ObjectStore } from "../../../storage/index.ts";
import { EXPORTS_FOLDER } from "../plan/data-path.ts";
import {
  endMsOf,
  exportId,
  startOfExport,
  type ExportClient,
  type ExportFacts,
  type ExportPlace,
} from "./export-client.ts";
import type { KnownExport } from "./plan-requests.ts";

/** Exports that are over never change: they are described once a process. */
export type EndedExports = Map<string, ExportFacts>;

export interface Lookup {
  readonly client: ExportClient;
  /** Its root is the folder that the exports lie below. */
  readonly store: ObjectStore;
  readonly place: ExportPlace;
  readonly tableArn: string;
  readonly tableId: string;
  /** What ends at this moment or before is in; undefined where nothing is. */
  readonly behindMs: number | undefined;
  /** ARNs of those that were asked for: they count, listed or not. */
  readonly asked: readonly string[];
}

/** An export that matters, with its ARN. */
export interface ListedExport extends KnownExport {
  readonly arn: string;
}

/** The table's exports to our place that are not in yet, whoever asked for them. */
export async function knownExports(lookup: Lookup, ended: EndedExports): Promise<readonly ListedExport[]> {
  const { client, tableArn, tableId, behindMs, place } = lookup;
  const known: ListedExport[] = [];
  for (const arn of new Set([...(await client.list(tableArn)), ...lookup.asked])) {
    // An export begins after the time that it shows.
    if ((startOfExport(arn) ?? Infinity) <= (behindMs ?? -1)) continue;
    const facts = ended.get(arn) ?? (await client.describe(arn));
    if (facts === undefined) continue;
    if (facts.status !== "running") ended.set(arn, facts);
    const isOurs = facts.bucket === place.bucket && facts.prefix === place.prefix && facts.isReadable;
    if (!isOurs || facts.tableId !== tableId || endMsOf(facts.content) <= (behindMs ?? -1)) continue;
    known.push(await withPlace(lookup, facts));
  }
  return known;
}

async function withPlace({ store }: Lookup, facts: ExportFacts): Promise<ListedExport> {
  const { arn, content, startedMs, endedMs, failure } = facts;
  const times = { startedMs, ...(endedMs === undefined ? {} : { endedMs }) };
  if (facts.status === "complete") {
    const summary = `${EXPORTS_FOLDER}/${exportId(arn)}/manifest-summary.json`;
    const isThere = (await store.stat(summary)) !== undefined;
    if (!isThere) return { arn, content, ...times, status: "gone", failure: `${summary} is not there any more` };
  }
  return { arn, content, ...times, status: facts.status, ...(failure === undefined ? {} : { failure }) };
}
