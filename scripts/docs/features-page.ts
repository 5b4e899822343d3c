import { FEATURES, type Feature } from "../../src/delta/index.ts";

/** `docs/delta-features.md`, from the registry of table features. */
export function featuresPage(): string {
  const rows = [...FEATURES.values()].map(
    (feature) => `| \`${feature.name}\` | ${support(feature, "read")} | ${support(feature, "write")} |`,
  );
  return `<!-- Printed from src/delta/features/registry.ts by \`npm run docs\`: change it there. -->

# Delta table features

What Sluice does with a table that has a feature. A feature that is not in this list is refused by its name: for reading when the table
demands it of readers, for writing in any case.

| feature | reading | writing |
| --- | --- | --- |
${rows.join("\n")}

_unless used_: a table may have the feature in its protocol as long as nothing in its schema or properties makes use of it.
`;
}

function support(feature: Feature, verb: "read" | "write"): string {
  return { yes: "yes", "unless-active": "unless used", no: "refused" }[feature[verb]];
}
