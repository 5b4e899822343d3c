import { SluiceError } from "../../base/index.ts";
import type { TableMetadata } from "../actions.ts";
import { FEATURES } from "./registry.ts";

const PREFIX = "delta.feature.";

/**
 * Features that properties ask for by name (`delta.feature.<name>` = `supported`), and the metadata without these properties: they are
 * no part of a table, its protocol has the features. Those of `previous` are the table's own, whoever left them there. A feature
 * that we could not write with fails with `table.unsupported`.
 */
export function takeNamedFeatures(
  metadata: TableMetadata,
  previous: TableMetadata | undefined,
): { readonly metadata: TableMetadata; readonly features: readonly string[] } {
  const before = previous?.configuration ?? {};
  const asked = Object.entries(metadata.configuration).filter(
    ([key, value]) => key.startsWith(PREFIX) && before[key] !== value,
  );
  if (asked.length === 0) return { metadata, features: [] };
  const features = asked.map(([key, value]) => nameOf(key, value));
  const keys = new Set(asked.map(([key]) => key));
  const configuration = Object.fromEntries(Object.entries(metadata.configuration).filter(([key]) => !keys.has(key)));
  const rest = { ...metadata, configuration };
  const isSame = previous !== undefined && JSON.stringify(rest) === JSON.stringify(previous);
  return { metadata: isSame ? previous : rest, features };
}

function nameOf(key: string, value: string): string {
  const name = key.slice(PREFIX.length);
  if (value !== "supported" && value !== "enabled") {
    throw new SluiceError("table.unsupported", `Cannot set ${key} to ${value}: a feature is "supported" or not there`);
  }
  const feature = FEATURES.get(name);
  if (feature !== undefined && feature.write !== "no") return name;
  throw new SluiceError("table.unsupported", `Cannot give a table the feature ${name}: we could not write to it then`);
}
