/** The text of a nested member; empty when it is not there or no text. */
export function memberText(value: unknown, ...names: readonly string[]): string {
  let found: unknown = value;
  for (const name of names) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return "";
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return typeof found === "string" ? found.replace(/^"(.*)"$/, "$1") : "";
}
