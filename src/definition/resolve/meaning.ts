import { NAME_PATTERN } from "../../contract/index.ts";
import type { Meaning } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readOptionalText, readTexts } from "../reading/read-scalar.ts";

/** Fields that every table may have. */
export const MEANING_FIELDS = ["description", "owner", "domain", "tags", "properties", "autoCompact"] as const;

export type MeaningFields = Readonly<Record<(typeof MEANING_FIELDS)[number], unknown>>;

export function readMeaning(place: Place, fields: MeaningFields): Meaning {
  const description = readOptionalText(place.at("description"), fields.description);
  const owner = readOptionalText(place.at("owner"), fields.owner);
  const domain = fields.domain === undefined ? undefined : readName(place.at("domain"), fields.domain);
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(domain === undefined ? {} : { domain }),
    tags: readTexts(place.at("tags"), fields.tags),
  };
}

/** A name that can be a folder and an SQL identifier. */
export function readName(place: Place, value: unknown): string | undefined {
  if (typeof value === "string" && NAME_PATTERN.test(value)) return value;
  const hint = typeof value === "string" ? nameHint(value) : "";
  return place.expected("a name of a-z, 0-9 and _ that begins with a letter (at most 100)", value, hint);
}

function nameHint(text: string): string {
  const spelled = text
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^[^a-z]+|_+$/g, "");
  return NAME_PATTERN.test(spelled) ? `${JSON.stringify(spelled)} would do` : "";
}
