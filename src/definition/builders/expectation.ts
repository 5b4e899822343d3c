import { MARK, marked, type Marked } from "./mark.ts";

/** A rule over each row, with what happens to a row that violates it. Without an action it warns. */
export interface Expectation extends Marked<"expectation", ExpectationContents> {
  /** The row stays; the violation is counted. */
  orWarn(): Expectation;
  /** The row is left out; the violation is counted. */
  orDrop(): Expectation;
  /** The row goes to the quarantine table, with the rule, and can be replayed. */
  orQuarantine(): Expectation;
  /** The run of this table fails; the table stays at its previous version. */
  orFail(): Expectation;
  /** Share of the judged rows (0 to 1) that may violate the rule before the run of this table fails. */
  atMost(share: number): Expectation;
}

export type Expectations = Readonly<Record<string, Expectation>>;

export interface ExpectationContents {
  readonly condition: unknown;
  readonly action: "warn" | "drop" | "quarantine" | "fail";
  readonly atMost?: unknown;
}

/** `expect("amount > 0").orQuarantine().atMost(0.02)`: a row passes when the SQL is true; false and null violate it. */
export function expect(condition: string): Expectation {
  return expectation({ condition, action: "warn" });
}

function expectation(contents: ExpectationContents): Expectation {
  return Object.freeze({
    [MARK]: marked("expectation", Object.freeze(contents))[MARK],
    orWarn: () => expectation({ ...contents, action: "warn" }),
    orDrop: () => expectation({ ...contents, action: "drop" }),
    orQuarantine: () => expectation({ ...contents, action: "quarantine" }),
    orFail: () => expectation({ ...contents, action: "fail" }),
    atMost: (share: number) => expectation({ ...contents, atMost: share }),
  });
}
