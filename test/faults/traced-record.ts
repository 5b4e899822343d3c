import { encodeKey } from "../../src/contract/index.ts";
import { sluiceOk, type LakeFolder } from "./product.ts";

/** The record behind the newest event of a key of `silver.things`, as `trace` rebuilds it: the text of a line of an export. */
export async function tracedRecord(lake: LakeFolder, id: string): Promise<string> {
  const key = encodeKey([{ tag: "S", value: id }]);
  const { stdout } = await sluiceOk(lake, "trace", "silver.things", key, "--record", "--json");
  const { bronze } = JSON.parse(stdout) as { readonly bronze: readonly { readonly record: unknown }[] };
  return JSON.stringify(bronze.at(-1)?.record);
}

/** One text for equal JSON, whatever the order of its members; `__proto__` is a member like any other. */
export function sorted(json: string): string {
  return sortedValue(JSON.parse(json));
}

function sortedValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => sortedValue(one)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${sortedValue(one)}`);
  return `{${members.toSorted().join(",")}}`;
}
