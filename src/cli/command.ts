import type { Flag } from "./arguments/flag.ts";
import type { Session } from "./session.ts";

/** What the command line knows of a command before it loads the command's own module. */
export interface CommandEntry {
  readonly name: string;
  /** One line. */
  readonly about: string;
  /** Behind `sluice <name>`. */
  readonly usage: string;
  readonly positionals: { readonly least: number; readonly most: number };
  readonly flags: readonly Flag[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  readonly load: () => Promise<Command>;
}

/** Does the work; returns the exit code. What goes wrong is thrown. */
export type Command = (session: Session) => Promise<number>;
