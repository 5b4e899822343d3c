import { gzipSync } from "node:zlib";
import * as fc from "fast-check";

/** One change of the source, in the order in which it was committed. */
interface Change {
  readonly id: number;
  /** undefined: the row is deleted. */
  readonly value: string | undefined;
  /** Whether it is committed in the same moment as the one before. */
  readonly isTied: boolean;
}

/** How one run of a DMS task writes a part of the history. */
interface TaskPlan {
  /** Changes that happen while nothing is captured, before the task's load begins. */
  readonly missed: readonly Change[];
  /** Changes while the load runs; each row is read somewhere among them. */
  readonly during: readonly Change[];
  readonly after: readonly Change[];
  /** Where among `during` the row of an id is read, by id modulo the length. */
  readonly readAt: readonly number[];
  readonly rowsPerLoadFile: number;
  readonly changesPerFile: number;
  /** Changes that are written again when the task goes on after a halt, from the end of its first half. */
  readonly repeated: number;
}

export interface DmsScenario {
  readonly tasks: readonly TaskPlan[];
  /** Whether there are columns for the commit time and the change sequence: without them a load may write the very same bytes again. */
  readonly hasTime: boolean;
  readonly hasSequence: boolean;
  readonly isZipped: boolean;
  /** Of the files in the order in which they are written: how many runs look at the folder before the next one comes. */
  readonly looks: readonly boolean[];
  /** Swaps neighbours of one task's files of changes in the order of arrival. */
  readonly swaps: readonly boolean[];
}

/** A file as it arrives; a later one of the same path replaces it. */
export interface ArrivingFile {
  readonly path: string;
  readonly body: Uint8Array;
}

/** The last of them never changes. */
const IDS = 5;

const change: fc.Arbitrary<Change> = fc.record({
  id: fc.integer({ min: 1, max: IDS - 1 }),
  value: fc.option(fc.constantFrom("a", "b", 'say "c"', "d,e", "f\ng", ""), { nil: undefined, freq: 3 }),
  isTied: fc.boolean(),
});
const changes = fc.array(change, { maxLength: 6 });

export const dmsScenarios: fc.Arbitrary<DmsScenario> = fc.record({
  tasks: fc.array(
    fc.record({
      missed: changes,
      during: changes,
      after: changes,
      readAt: fc.array(fc.nat({ max: 6 }), { minLength: IDS, maxLength: IDS }),
      rowsPerLoadFile: fc.integer({ min: 1, max: 3 }),
      changesPerFile: fc.integer({ min: 1, max: 4 }),
      repeated: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  hasTime: fc.boolean(),
  hasSequence: fc.boolean(),
  isZipped: fc.boolean(),
  looks: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
  swaps: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
});

export interface WrittenHistory {
  /** By task, in the order in which DMS writes them: the load, then the changes. */
  readonly tasks: readonly { readonly load: readonly ArrivingFile[]; readonly changes: readonly ArrivingFile[] }[];
  /** The table at the end, by id. */
  readonly state: ReadonlyMap<string, string>;
}

/** Plays the history on a table of its own and writes the files that DMS would. */
export function writeHistory(scenario: DmsScenario): WrittenHistory {
  // A load of an empty table writes no file: nobody could see it.
  const table = new Map<number, string>([[IDS, "stays"]]);
  let micros = Date.UTC(2026, 0, 1) * 1_000;
  let sequence = 0;
  let stamp = 0;
  const apply = ({ id, value }: Change): void => {
    if (value === undefined) table.delete(id);
    else table.set(id, value);
  };
  const lineOf = (fields: readonly (string | number)[], position: string): string =>
    [...fields, ...(scenario.hasTime ? [time(micros)] : []), ...(scenario.hasSequence ? [position] : [])].join(",");
  const fileOf = (name: string, lines: readonly string[]): ArrivingFile => {
    const text = lines.map((line) => `${line}\n`).join("");
    const path = `shop/things/${name}.csv${scenario.isZipped ? ".gz" : ""}`;
    return { path, body: scenario.isZipped ? gzipSync(text) : Buffer.from(text) };
  };
  const tasks = scenario.tasks.map((task) => {
    for (const one of task.missed) apply(one);
    const lines: string[] = [];
    const loaded = new Map<number, string>();
    const readRows = (at: number, isEnd: boolean): void => {
      for (let id = 1; id <= IDS; id += 1) {
        const readAt = task.readAt[id - 1] ?? 0;
        const value = table.get(id);
        if ((readAt === at || (isEnd && readAt > at)) && value !== undefined) loaded.set(id, value);
      }
    };
    for (const [index, one] of [...task.during, ...task.after].entries()) {
      if (index < task.during.length) readRows(index, false);
      else if (index === task.during.length) readRows(index, true);
      if (!one.isTied) micros += 1_000_000;
      sequence += 1;
      const before = table.get(one.id);
      apply(one);
      const operation = one.value === undefined ? "D" : before === undefined ? "I" : "U";
      lines.push(lineOf([operation, one.id, csv(one.value ?? before ?? "gone")], String(sequence).padStart(35, "0")));
    }
    if (task.after.length === 0) readRows(task.during.length, true);
    const rows = [...loaded]
      .toSorted(([left], [right]) => left - right)
      .map(([id, value]) => lineOf([id, csv(value)], "NULL"));
    const load = pieces(rows, task.rowsPerLoadFile).map((some, index) =>
      fileOf(`LOAD${(index + 1).toString(16).toUpperCase().padStart(8, "0")}`, some),
    );
    const half = Math.ceil(lines.length / 2);
    const written = [
      ...pieces(lines.slice(0, half), task.changesPerFile),
      ...pieces(lines.slice(Math.max(0, half - task.repeated)), task.changesPerFile),
    ];
    const files = written.map((some) => {
      stamp += 1;
      return fileOf(`20260101-${String(stamp).padStart(9, "0")}`, some);
    });
    micros += 60_000_000;
    return { load, changes: files };
  });
  return { tasks, state: new Map([...table].map(([id, value]) => [String(id), value])) };
}

function pieces<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

function time(micros: number): string {
  const fraction = String(micros % 1_000_000).padStart(6, "0");
  return `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 19).replace("T", " ")}.${fraction}`;
}

function csv(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
