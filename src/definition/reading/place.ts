import type { Problem } from "./problem.ts";
import { shown } from "./shown.ts";

/** Where in the configuration we are, and the list that mistakes found there go to. */
export class Place {
  readonly path: string;
  readonly #problems: Problem[];

  constructor(problems: Problem[], path = "") {
    this.#problems = problems;
    this.path = path;
  }

  /** The place of a field. */
  at(name: string): Place {
    const step = /^[\w$.-]+$/.test(name) ? name : `[${JSON.stringify(name)}]`;
    return new Place(this.#problems, this.path === "" ? step : this.path + (step.startsWith("[") ? step : `.${step}`));
  }

  /** The place of an element. */
  item(index: number): Place {
    return new Place(this.#problems, `${this.path}[${index}]`);
  }

  /** Notes that the value here is not what it should be. Undefined, so that a reader can return it. */
  expected(what: string, value: unknown, hint = ""): undefined {
    return this.refuse(what, shown(value), hint);
  }

  /** Like `expected`, with what is there in words. */
  refuse(expected: string, got: string, hint = ""): undefined {
    const message = `expected ${expected}, got ${got}${hint === "" ? "" : `; ${hint}`}`;
    const isKnown = this.#problems.some((one) => one.path === this.path && one.message === message);
    if (!isKnown) this.#problems.push({ path: this.path, message, expected, got });
    return undefined;
  }
}
