import { readFileSync } from "node:fs";
import { OPERATIONS, OPERATION_NAMES, type OperationName } from "./operations.ts";
import type { Phase } from "./phases.ts";
import type { Race, RaceSettings } from "./race.ts";
import { shownTable } from "./table-model.ts";
import { BEFORE, VERSION, type Isolation } from "./tried-table.ts";

/** What may become of an operation that another one has overtaken. */
export interface LegalOutcome {
  /** Why its commit cannot follow as it was prepared; undefined: it can. */
  readonly conflict: string | undefined;
  /** The code it fails with when it is tried again; undefined: it goes through. */
  readonly failure: string | undefined;
}

/** The page that tells readers what they may expect; its tables are what the races are judged by. */
const PAGE = new URL("../../docs/concurrency.md", import.meta.url);

/** The table of that isolation level: for each operation and each that overtakes it. */
export function legalOutcomes(isolation: Isolation): (first: OperationName, second: OperationName) => LegalOutcome {
  const lines = readFileSync(PAGE, "utf8").split("\n");
  const from = lines.findIndex((line) => line.startsWith("#") && line.includes(`\`${isolation}\``));
  const start = lines.findIndex((line, index) => index > from && line.startsWith("|"));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  const [header = [], , ...rows] = lines.slice(start, end).map(cellsOf);
  const outcomes = new Map<string, LegalOutcome>();
  for (const [names = "", ...cells] of rows) {
    for (const first of names.split(", ")) {
      for (const [index, cell] of cells.entries()) {
        for (const second of (header[index + 1] ?? "").split(", ")) outcomes.set(`${first}/${second}`, parse(cell));
      }
    }
  }
  const pairs = OPERATION_NAMES.flatMap((first) => OPERATION_NAMES.map((second) => `${first}/${second}`));
  const unknown = [...outcomes.keys()].filter((pair) => !pairs.includes(pair));
  const absent = pairs.filter((pair) => !outcomes.has(pair));
  if (unknown.length + absent.length > 0) throw new Error(`The page lacks ${absent.join()} or has ${unknown.join()}`);
  return (first, second) => outcomes.get(`${first}/${second}`) ?? parse("");
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** `follows`, `metadata-changed`, or `metadata-changed, then table.schema-mismatch` */
function parse(cell: string): LegalOutcome {
  const [, conflict, failure] = /^`?([a-z-]+)`?(?:, then `([a-z.-]+)`)?$/.exec(cell) ?? [];
  if (conflict === undefined) throw new Error(`The page has a cell that says nothing: ${cell}`);
  return { conflict: conflict === "follows" ? undefined : conflict, failure };
}

/** Phases in which the first writer's commit is in the log, though it may not know. */
const COMMITTED: ReadonlySet<Phase> = new Set(["after an ambiguous put", "before the checkpoint"]);

/** Everything about a race that is not as the rules have it. */
export function faultsOfRace(settings: RaceSettings, outcome: Race, legal: LegalOutcome): string[] {
  const { first, second, phase } = settings;
  const isFirst = COMMITTED.has(phase);
  const isHalfRemoved = phase === "after an ambiguous put" && (first === "vacuum" || first === "clean log");
  const failure = isHalfRemoved ? "storage.unavailable" : isFirst ? undefined : legal.failure;
  const conflict = isFirst ? undefined : legal.conflict;
  const one = OPERATIONS[first].model;
  const two = OPERATIONS[second].model;
  const alone = shownTable(isFirst && failure === undefined ? one(BEFORE, 1) : two(BEFORE, 2));
  const firstThenSecond = shownTable(two(one(BEFORE, 1), 2));
  const secondThenFirst = shownTable(one(two(BEFORE, 2), 1));
  const wanted = failure !== undefined ? shownTable(two(BEFORE, 2)) : isFirst ? firstThenSecond : secondThenFirst;
  // Who has read nothing may count as the later one, whatever the versions say, unless the table is serializable.
  const mayAlsoBe = settings.isolation === "WriteSerializable" && second === "append" ? firstThenSecond : wanted;
  const faults: string[] = [];
  const check = (isRight: boolean, what: string): void => void (isRight || faults.push(what));
  check(outcome.isStopped === !isHalfRemoved, "the first writer was not stopped there");
  check(outcome.failures[0] === failure, `the first one ended with ${outcome.failures[0]}, not ${failure}`);
  check(outcome.failures[1] === undefined, `the second one ended with ${outcome.failures[1]}`);
  const conflicts = [...new Set(outcome.conflicts)].join();
  check(conflicts === (conflict ?? ""), `the first one's conflict was "${conflicts}", not "${conflict ?? ""}"`);
  check(outcome.missing.length === 0, `files are missing: ${outcome.missing.join()}`);
  check(outcome.orphans.length === 0, `files are nobody's: ${outcome.orphans.join()}`);
  check(outcome.isWhole, "checkpoints and commits say different things");
  const [before, ...after] = outcome.tables;
  check(before === shownTable(BEFORE), "the version before the race has changed");
  const last = outcome.tables.at(-1);
  check(last === wanted || last === mayAlsoBe, `the table is ${last}, not ${wanted}`);
  check(after.length < 2 || after[0] === alone, `the version in between is ${after[0]}, not ${alone}`);
  check(after.length <= 2, `there are ${after.length} new versions`);
  const versions = outcome.versions.flat().toSorted((left, right) => left - right);
  check(versions.join() === after.map((_, index) => VERSION + 1 + index).join(), `committed: ${versions.join()}`);
  return faults;
}
