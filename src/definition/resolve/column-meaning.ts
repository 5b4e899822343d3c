import type { ColumnContents, Origin } from "../builders/column.ts";
import type { ColumnMeaning } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readOptionalText } from "../reading/read-scalar.ts";

export function readColumnMeaning(place: Place, contents: ColumnContents): ColumnMeaning {
  const description = readOptionalText(place.at("describe"), contents.description);
  const tags: Record<string, string> = {};
  for (const [name, value] of contents.tags) {
    if (typeof name !== "string" || name.trim() === "") place.at("tag").expected("a name for the tag", name);
    else if (typeof value !== "string") place.at("tag").at(name).expected("a text", value);
    else tags[name] = value;
  }
  return { ...(description === undefined ? {} : { description }), pii: contents.pii, tags };
}

export function originTitle(origin: Origin): string {
  return { attribute: "from()", sql: "sql()", joined: "joined()" }[origin.kind];
}
