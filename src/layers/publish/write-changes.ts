import { SluiceError } from "../../base/index.ts";
import type { Row } from "../../engine/index.ts";
import { isUnfit, type OpenTarget, type TargetChange, type WriteVerdict } from "../../targets/index.ts";
import { keyOf, keyText } from "./check-rows.ts";
import type { Claim } from "./claim.ts";
import type { FoundChanges, VersionedRows } from "./find-changes.ts";
import type { LayerContext } from "../context.ts";

/** At a few milliseconds each, so many requests under way are thousands a second: more than the capacity that is paid for as a rule. */
const WRITES_AT_ONCE = 32;

export interface WriteReport {
  readonly put: number;
  readonly deleted: number;
  /** Of these, so many were there already. */
  readonly present: number;
  readonly units: number;
}

export interface ChangesToWrite {
  readonly changes: FoundChanges;
  readonly versioned: VersionedRows;
  readonly target: OpenTarget;
  readonly claim: Claim;
  /** So many of them, in their order, are there. */
  readonly skip: number;
  readonly repairs: boolean;
  /** To be called again and again. */
  readonly keepCapacity: () => Promise<void>;
}

/** Writes the changes in the order of their keys, several at once. What is there already stays; what is newer stops the publish. */
export async function writeChanges(context: LayerContext, name: string, work: ChangesToWrite): Promise<WriteReport> {
  const { changes, versioned, claim, skip } = work;
  const report = { put: 0, deleted: 0, present: 0, units: 0 };
  const keys = versioned.rows.keyColumns.join(", ");
  const ordered = {
    sql: `SELECT * FROM changes ORDER BY ${keys} OFFSET ${skip}`,
    inputs: { changes: { kind: "scratch", scratch: changes.scratch } as const },
  };
  const options = context.signal === undefined ? {} : { signal: context.signal };
  claim.done = skip;
  for await (const batch of context.engine.query(ordered, options)) {
    await atOnce(batch, async (row) => {
      const change = changeOf(row, work);
      const verdict = await work.target.write(change, async () => {
        await claim.keep();
        await work.keepCapacity();
      });
      count(report, change, accepted(name, change, verdict));
    });
    claim.done += batch.length;
    context.onProgress?.({ table: name, phase: "publish", detail: "", rows: claim.done });
  }
  return report;
}

/** Works on all elements, several at once. After a failure nothing new is begun, and what is under way is waited for. */
async function atOnce<T>(elements: readonly T[], work: (element: T) => Promise<void>): Promise<void> {
  const queue = elements.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const element of queue) {
      try {
        await work(element);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(WRITES_AT_ONCE, elements.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

function changeOf(row: Row, { versioned, target, claim, repairs }: ChangesToWrite): TargetChange {
  const { keyColumns, schema } = versioned.rows;
  const key = keyOf(row, keyColumns);
  const sequence = { epoch: claim.mark.epoch, version: versioned.version };
  if (row["__put"] !== true) return { sequence, key, row: undefined, repairs };
  const encoded = target.encode(row, key, schema);
  if (!isUnfit(encoded)) return { sequence, key, row: encoded, repairs };
  throw new SluiceError("internal.bug", `An item that was checked is unfit: ${encoded.flaw}`);
}

type Accepted = Extract<WriteVerdict, { kind: "written" | "present" }> | undefined;

/** Undefined: what is there is not ours, and there is nothing of ours to remove. */
function accepted(name: string, { key, row, sequence }: TargetChange, verdict: WriteVerdict): Accepted {
  switch (verdict.kind) {
    case "written":
    case "present":
      return verdict;
    case "newer":
      throw new SluiceError("publish.superseded", `Cannot publish ${name}: the target has a newer item`, {
        facts: { table: name, key: keyText(key), version: sequence.version, found: verdict.found.version },
      });
    case "foreign":
      if (row === undefined) return undefined;
      throw new SluiceError(
        "target.occupied",
        verdict.publisher === undefined
          ? `Cannot publish ${name}: an item that Sluice did not write has the key of a row`
          : `Cannot publish ${name}: an item of ${verdict.publisher} has the key of a row`,
        {
          facts: { table: name, key: keyText(key), publisher: verdict.publisher },
          ...(verdict.publisher === undefined
            ? {}
            : { advice: "Publish the two tables under keys that differ, or to two tables." }),
        },
      );
  }
}

function count(
  report: { put: number; deleted: number; present: number; units: number },
  { row }: TargetChange,
  verdict: Accepted,
): void {
  if (verdict === undefined) return;
  if (row === undefined) report.deleted += 1;
  else report.put += 1;
  if (verdict.kind === "present") report.present += 1;
  else report.units += verdict.units;
}
