/** Colours of a terminal; every function gives the text back unchanged where there are none. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

export function paintFor(isColourful: boolean): Paint {
  const style =
    (on: number, off: number) =>
    (text: string): string =>
      isColourful && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39) };
}

/** Whether to colour what goes to a terminal: https://no-color.org, `--no-color`, `TERM=dumb`. */
export function wantsColour(
  isTTY: boolean,
  env: Readonly<Record<string, string | undefined>>,
  isRefused: boolean,
): boolean {
  return isTTY && !isRefused && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
