import { SluiceError } from "../../base/index.ts";

/** One mistake of a configuration. */
export interface Problem {
  /** The field: `tables.silver.orders.columns.amount`. */
  readonly path: string;
  /** `expected <expected>, got <got>`, and a hint where there is one. */
  readonly message: string;
  readonly expected: string;
  readonly got: string;
}

/** Every mistake that a configuration has, at once (code `config.invalid`). */
export class ConfigError extends SluiceError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], file?: string) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((one) => `\n  ${one.path === "" ? "" : `${one.path}: `}${one.message}`);
    super("config.invalid", `Cannot use ${file ?? "the configuration"}: ${count}${lines.join("")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}
