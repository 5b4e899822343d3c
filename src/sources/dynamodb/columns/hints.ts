import { SluiceError } from "../../../base/index.ts";
import { isTopLevelName } from "../../staged/index.ts";
import { isNumberType } from "./hinted-numbers.ts";
import type { DynamoDbExportsOptions } from "../options.ts";
import type { Shape } from "./shapes.ts";

/** The columns that the hints ask for. A text column is made by the attribute itself, which may be S or N. */
export function hintedShapes({ hints, keys }: DynamoDbExportsOptions): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  const names = new Set<string>();
  for (const { name, type } of hints) {
    const lower = name.toLowerCase();
    if (!isTopLevelName(name) || names.has(lower)) refuse(name, "no column can have this name beside the others");
    names.add(lower);
    if (type === "string") continue;
    if (type === "boolean") shapes.set(name, { tag: "BOOL", type });
    else if (type === "binary") shapes.set(name, { tag: "B", type });
    else if (typeof type === "string" && isNumberType(type)) shapes.set(name, { tag: "N", type });
    else refuse(name, "a hint gives a type to a number (decimal, long, double …); other types are Silver's");
  }
  for (const key of keys) {
    if (shapes.get(key)?.tag === "BOOL") refuse(key, "a key is a string, a number or binary");
  }
  return shapes;
}

function refuse(name: string, why: string): never {
  throw new SluiceError("config.invalid", `Cannot type attribute ${JSON.stringify(name)}: ${why}`);
}
