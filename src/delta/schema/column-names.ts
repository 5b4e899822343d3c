/** `a, b.c, `with a.dot`.d`: names between commas, parts between dots, either in back-ticks (doubled inside). */
export function splitColumnNames(text: string): string[][] {
  const columns: string[][] = [];
  let parts: string[] = [];
  let part = "";
  let isQuoted = false;
  const endPart = (): void => {
    if (part.trim() !== "") parts.push(part.trim());
    part = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "`" && isQuoted && text.charAt(at + 1) === "`") {
      part += "`";
      at += 1;
    } else if (character === "`") isQuoted = !isQuoted;
    else if (!isQuoted && character === ".") endPart();
    else if (!isQuoted && character === ",") {
      endPart();
      if (parts.length > 0) columns.push(parts);
      parts = [];
    } else part += character;
  }
  endPart();
  return parts.length > 0 ? [...columns, parts] : columns;
}

/** The text of such a list. */
export function joinColumnNames(columns: readonly (readonly string[])[]): string {
  return columns.map((parts) => parts.map(quoted).join(".")).join(",");
}

function quoted(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}
