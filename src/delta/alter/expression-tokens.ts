import { SluiceError } from "../../base/index.ts";

/** A word of an expression that a table keeps in Spark's SQL (constraints, invariants, generated columns, defaults). */
export interface ExpressionToken {
  readonly kind: "name" | "quoted-name" | "text" | "number" | "sign";
  /** A name or text without its quotes, escapes resolved; anything else as it stands. */
  readonly value: string;
}

const PATTERNS: readonly (readonly [ExpressionToken["kind"] | "blank", RegExp])[] = [
  ["blank", /\s+|--[^\n]*/y],
  ["quoted-name", /`(?:[^`]|``)+`/y],
  ["text", /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:BD|[LSYDF])?\b/iy],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["sign", /<=>|<>|!=|==|<=|>=|\|\||[-+*/%=<>(),.[\]]/y],
];

/** The words of an expression; text that none of Spark's expressions begins with fails with `table.unsupported`. */
export function expressionTokens(expression: string): readonly ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  let at = 0;
  while (at < expression.length) {
    const found = nextToken(expression, at);
    if (found === undefined) {
      throw new SluiceError("table.unsupported", `Cannot evaluate the expression ${expression}`, {
        facts: { at: expression.slice(at, at + 20) },
      });
    }
    if (found.kind !== "blank") tokens.push({ kind: found.kind, value: plainText(found.kind, found.text) });
    at += found.text.length;
  }
  return tokens;
}

/** Whether an expression may speak of a column of that name. */
export function mentionsColumn(expression: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return expressionTokens(expression).some(
    ({ kind, value }) => (kind === "name" || kind === "quoted-name") && value.toLowerCase() === wanted,
  );
}

function nextToken(
  expression: string,
  at: number,
): { kind: ExpressionToken["kind"] | "blank"; text: string } | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(expression)?.[0];
    if (text !== undefined && text !== "") return { kind, text };
  }
  return undefined;
}

function plainText(kind: ExpressionToken["kind"], text: string): string {
  if (kind === "quoted-name") return text.slice(1, -1).replaceAll("``", "`");
  if (kind !== "text") return text;
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replaceAll(`${quote}${quote}`, quote)
    .replaceAll(/\\([^])/g, escaped);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", 0: "\0", Z: "\u001A" };

/** Spark resolves the escapes of C; before `%` and `_` the backslash stays, for LIKE. */
function escaped(_whole: string, character: string): string {
  return character === "%" || character === "_" ? `\\${character}` : (ESCAPES[character] ?? character);
}
