import type { TableName } from "../../contract/index.ts";
import type { Notice } from "../../sources/index.ts";
import type { TableReport } from "../run-report.ts";

/** What channels wait for, or what else is to be known of them, each once while it is so. */
export class Notices {
  readonly #told = new Map<TableName, ReadonlySet<string>>();

  /** Those that are new. */
  take({ table, waiting }: Pick<TableReport, "table" | "waiting">): readonly Notice[] {
    const told = this.#told.get(table) ?? new Set<string>();
    // A round of the live channels alone does not know what the others wait for.
    if (waiting.length > 0) this.#told.set(table, new Set(waiting.map(nameOf)));
    const all = new Map(waiting.map((notice) => [nameOf(notice), notice]));
    return [...all].flatMap(([name, notice]) => (told.has(name) ? [] : [notice]));
  }
}

function nameOf({ what, why }: Notice): string {
  return `${what}: ${why}`;
}
