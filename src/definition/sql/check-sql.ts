import type { Place } from "../reading/place.ts";
import { readText } from "../reading/read-scalar.ts";
import { tokenize, type Token } from "./tokens.ts";
import { findUnrepeatable } from "./unrepeatable.ts";

export interface CheckedSql {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Reads SQL of a definition: whole, one piece, and with the same answer every time. Its syntax is the engine's to check. */
export function checkSql(place: Place, value: unknown, what: string): CheckedSql | undefined {
  const text = readText(place, value, what);
  if (text === undefined) return undefined;
  const tokenized = tokenize(text);
  if (tokenized.kind === "unterminated") return place.refuse(what, `SQL with an unterminated ${tokenized.what}`);
  const { tokens } = tokenized;
  if (tokens.length === 0) return place.refuse(what, "SQL that is only a comment");
  const fault = structuralFault(tokens);
  if (fault !== undefined) return place.refuse(what, fault);
  for (const found of findUnrepeatable(tokens)) {
    place.refuse("SQL that gives the same rows whenever it runs", found.what, found.why);
  }
  return { text, tokens };
}

/** What would let the text escape from the place it is put in. */
function structuralFault(tokens: readonly Token[]): string | undefined {
  const open: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind !== "symbol") continue;
    if (text === ";") return "SQL with a semicolon";
    if (text === "?" || text === "$") return "SQL with a parameter";
    if ("([{".includes(text)) open.push(text);
    const opener = "([{"[")]}".indexOf(text)];
    if (opener !== undefined && open.pop() !== opener) return `SQL with an unmatched ${text}`;
  }
  return open.length === 0 ? undefined : `SQL with an unmatched ${open.at(-1)}`;
}
