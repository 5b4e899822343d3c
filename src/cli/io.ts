import type { World } from "../base/index.ts";

/** Where data goes. */
export interface DataOutput {
  readonly isTTY: boolean;
  /** Characters a line of the terminal holds; undefined where there is no terminal. */
  readonly columns: number | undefined;
  /** Resolves when more may be written. Rejects with `OutputClosed` once nobody reads any more. */
  write(text: string): Promise<void>;
}

/** Where talk goes: progress, questions, errors. Never an obstacle: what cannot be written is dropped. */
export interface TalkOutput {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): void;
}

export interface TextInput {
  readonly isTTY: boolean;
  /** Everything, as UTF-8. Rejects when the signal fires first. */
  all(signal: AbortSignal): Promise<string>;
  /** One line without its end; undefined at the end of the input or when the signal fires first. */
  line(signal: AbortSignal): Promise<string | undefined>;
}

/** Everything outside of the program that a command may touch, beside the lake itself. A test passes its own. */
export interface Io {
  readonly stdin: TextInput;
  readonly stdout: DataOutput;
  readonly stderr: TalkOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
  readonly world: World;
  /** Fires when the user wants the program to stop; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Calls `tick` every so often until the returned function is called; never keeps the process alive. */
  every(ms: number, tick: () => void): () => void;
}

/** The reader of stdout went away (`sluice query … | head`): a reason to end, not an error. */
export class OutputClosed extends Error {
  constructor() {
    super("Nobody reads the output any more");
    this.name = "OutputClosed";
  }
}
