import { assertReadOnlyQuery, type CheckedQuery } from "./query-guard.ts";
import type { Session } from "./session.ts";

/** Texts that are remembered, in characters. */
const REMEMBERED_MAX = 4 * 1_048_576;

/**
 * Queries that the guard has let through. A fold asks for the columns of the same long text, keeps its rows and reads them again;
 * the verdict depends on the text and the names that it may use, on nothing else.
 */
export class CheckedQueries {
  readonly #passed = new Map<string, CheckedQuery>();
  #characters = 0;

  /** As `assertReadOnlyQuery`. */
  async check(session: Session, sql: string, inputs: readonly string[]): Promise<CheckedQuery> {
    const key = JSON.stringify([sql, inputs.toSorted()]);
    const known = this.#passed.get(key);
    if (known !== undefined) return known;
    const checked = await assertReadOnlyQuery(session, sql, inputs);
    this.#passed.set(key, checked);
    this.#characters += key.length;
    for (const oldest of this.#passed.keys()) {
      if (this.#characters <= REMEMBERED_MAX) break;
      this.#passed.delete(oldest);
      this.#characters -= oldest.length;
    }
    return checked;
  }
}
