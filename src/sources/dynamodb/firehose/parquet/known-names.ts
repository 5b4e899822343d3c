import { LayoutFlaw } from "./layout-flaw.ts";

/** Names of attributes that are known from elsewhere, by which it shows that a file has lost their capital letters. */
export class KnownNames {
  readonly #known = new Map<string, string[]>();
  /** Names that were found to be right. */
  readonly #checked = new Set<string>();

  constructor(names: Iterable<string>) {
    for (const name of new Set(names)) {
      const folded = name.toLowerCase();
      this.#known.set(folded, [...(this.#known.get(folded) ?? []), name]);
    }
  }

  /** Gives the name back. Fails with `LayoutFlaw` where the attribute is known under another spelling. */
  check(name: string): string {
    if (this.#checked.has(name)) return name;
    const other = this.#known.get(name.toLowerCase())?.find((one) => one !== name);
    if (other !== undefined) {
      throw new LayoutFlaw(
        `its attribute ${name} is ${other} elsewhere: capital letters were lost on the way`,
        CASE_ADVICE,
      );
    }
    this.#checked.add(name);
    return name;
  }
}

export const CASE_ADVICE =
  "Set CaseInsensitive of the OpenX JSON SerDe to false, or take the Hive JSON SerDe, and declare images as `string` or as maps; files that are there already can be delivered again as JSON.";
