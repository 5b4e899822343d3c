import type { DeltaLog, Snapshot } from "../../../src/delta/index.ts";
import { memberText } from "./member-text.ts";
import type { Operation } from "./operations.ts";
import type { TableRows } from "./table-rows.ts";

/** What a writer was told of an operation. */
export type Told =
  | { readonly kind: "committed"; readonly version: number }
  /** It was told that nothing was written. */
  | { readonly kind: "refused" }
  /** It died, or its store would not answer: both may be. */
  | { readonly kind: "unknown" };

/** A numbered batch has one for each time that it was tried. */
export interface Account {
  readonly operation: Operation;
  told: Told;
  /** The version that it was planned on, the last time, and which of the rows that it wants to delete were there. */
  base: number;
  planned: readonly string[];
}

/** Everything that is wrong with a table, judged version by version against what the writers wanted and were told. */
export async function faultsOf(log: DeltaLog, rows: TableRows, accounts: readonly Account[]): Promise<string[]> {
  const newest = await log.latest();
  if (newest === undefined) return ["there is no table"];
  const judge = new Judge(rows, accounts);
  let before = await log.at(0);
  for await (const { version, commitInfo } of log.changes(1, newest.version)) {
    const after = await log.at(version);
    judge.step(memberText(commitInfo, "operationParameters", "op"), before, after);
    before = after;
  }
  judge.compareWithTold();
  return [...judge.faults, ...(await faultsOfHead(log, newest))];
}

type Rows = readonly { readonly row: string; readonly partition: string }[];

class Judge {
  readonly faults: string[] = [];
  readonly #rows: TableRows;
  readonly #accounts: readonly Account[];
  readonly #byId: ReadonlyMap<string, Account>;
  readonly #landed = new Map<string, number>();
  /** Versions at which rows were appended by writers that read nothing. */
  readonly #appended = new Map<string, number>();

  constructor(rows: TableRows, accounts: readonly Account[]) {
    this.#rows = rows;
    this.#accounts = accounts;
    this.#byId = new Map(accounts.map((account) => [account.operation.id, account]));
  }

  /** One version is the one before, changed as was wanted, in the serial order of versions. */
  step(id: string, before: Snapshot, after: Snapshot): void {
    const { version } = after;
    const account = this.#byId.get(id);
    if (account === undefined) {
      this.faults.push(`version ${version} is nobody's: ${id}`);
      return;
    }
    const earlier = this.#landed.get(id);
    if (earlier !== undefined) this.faults.push(`${id} landed twice, at ${earlier} and ${version}`);
    this.#landed.set(id, version);
    const { intent } = account.operation;
    if (intent.kind === "append" || intent.kind === "batch") {
      for (const row of intent.rows) this.#appended.set(row, version);
    }
    const is = this.#rows.of(after).map(({ row }) => row);
    if (new Set(is).size !== is.length) this.faults.push(`${id}: version ${version} has a row twice`);
    const wanted = this.#rowsAfter(account, this.#rows.of(before), isolationOf(before));
    if (wanted === undefined) this.faults.push(`${id}: version ${version} deletes a row that was not there any more`);
    else if (!sameTexts(wanted, is)) {
      this.faults.push(`${id}: version ${version} (${intent.kind}) has ${shown(is)}, not ${shown(wanted)}`);
    }
  }

  compareWithTold(): void {
    for (const { operation, told } of this.#accounts) {
      const at = this.#landed.get(operation.id);
      if (told.kind === "committed" && at !== told.version) {
        this.faults.push(`${operation.id} was told ${told.version}, and is at ${at}`);
      }
      if (told.kind === "refused" && at !== undefined && operation.intent.kind !== "batch") {
        this.faults.push(`${operation.id} was refused, and is at ${at}`);
      }
    }
  }

  #rowsAfter(
    { operation: { intent }, base, planned }: Account,
    was: Rows,
    isolation: string,
  ): readonly string[] | undefined {
    const all = was.map(({ row }) => row);
    switch (intent.kind) {
      case "append":
      case "batch":
        return [...all, ...intent.rows];
      case "delete":
        // Where another writer deleted a row first, this commit must have failed.
        return planned.every((row) => all.includes(row)) ? all.filter((row) => !intent.rows.has(row)) : undefined;
      case "empty":
      case "replace": {
        // Under WriteSerializable a blind append counts as later than a commit that did not see it, whatever their versions.
        const isLater = (row: string): boolean =>
          isolation !== "Serializable" && (this.#appended.get(row) ?? -1) > base;
        const kept = was.filter(({ row, partition }) => partition !== intent.partition || isLater(row));
        return [...kept.map(({ row }) => row), ...(intent.kind === "replace" ? intent.rows : [])];
      }
      case "optimize":
      case "describe":
        return all;
    }
  }
}

function isolationOf({ metadata }: Snapshot): string {
  return metadata.configuration["delta.isolationLevel"] ?? "WriteSerializable";
}

/** The head, which is read from a checksum file where there is one, is the newest version's. */
async function faultsOfHead(log: DeltaLog, newest: Snapshot): Promise<string[]> {
  const head = await log.head();
  if (head?.version !== newest.version) return [`the head is at ${head?.version}, the table at ${newest.version}`];
  return txnsOf(head) === txnsOf(newest) ? [] : ["the head has other txns than the table"];
}

function txnsOf({ txns }: Pick<Snapshot, "txns">): string {
  return shown([...txns.values()].map(({ appId, version }) => `${appId}=${version}`));
}

function shown(rows: readonly string[]): string {
  return `{${rows.toSorted().join(" ")}}`;
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return shown(left) === shown(right);
}
