import { field, struct, type DataType, type StructField } from "../../src/contract/index.ts";
import type { TableChange, TableCreation } from "../../src/engine/index.ts";

/** How a table comes to make use of a feature. */
export interface FeatureUse {
  /** As the protocol lists it. */
  readonly feature: string;
  /** Where one feature has several ways. */
  readonly variant?: string;
  readonly properties?: Readonly<Record<string, string>>;
  /** Columns besides `id` and `v`, or in their place. */
  readonly fields?: readonly StructField[];
  readonly clusterBy?: readonly string[];
  readonly partitionBy?: readonly string[];
  /** What is changed once the table has rows. */
  readonly changes?: readonly TableChange[];
  /** Columns that rows do not bring: the table knows their values. */
  readonly given?: readonly string[];
}

const feature = (name: string, rest: Omit<FeatureUse, "feature"> = {}): FeatureUse => ({ feature: name, ...rest });
const supported = (name: string): FeatureUse =>
  feature(name, { properties: { [`delta.feature.${name}`]: "supported" } });

/** Every feature that we write. */
export const USES: readonly FeatureUse[] = [
  feature("appendOnly", { properties: { "delta.appendOnly": "true" } }),
  feature("invariants", {
    fields: [field("bounded", "long", { "delta.invariants": '{"expression":{"expression":"bounded < 1000"}}' })],
  }),
  feature("checkConstraints", { changes: [{ kind: "add-constraint", name: "positive", expression: "id >= 0" }] }),
  feature("changeDataFeed", { properties: { "delta.enableChangeDataFeed": "true" } }),
  feature("generatedColumns", {
    fields: [field("next", "long", { "delta.generationExpression": "id + 1" })],
    given: ["next"],
  }),
  feature("columnMapping", {
    variant: "name",
    properties: { "delta.columnMapping.mode": "name" },
    changes: [{ kind: "rename-column", column: ["extra"], to: "more, and more" }],
  }),
  feature("columnMapping", { variant: "id", properties: { "delta.columnMapping.mode": "id" } }),
  feature("identityColumns", {
    fields: [
      field("number", "long", {
        "delta.identity.start": 10,
        "delta.identity.step": -3,
        "delta.identity.allowExplicitInsert": false,
      }),
    ],
    given: ["number"],
  }),
  feature("allowColumnDefaults", {
    fields: [field("kind", "string", { CURRENT_DEFAULT: "'new'" })],
    given: ["kind"],
  }),
  feature("deletionVectors", { properties: { "delta.enableDeletionVectors": "true" } }),
  feature("timestampNtz", { fields: [field("at", "timestamp_ntz")] }),
  feature("v2Checkpoint", { properties: { "delta.checkpointPolicy": "v2" } }),
  supported("vacuumProtocolCheck"),
  supported("domainMetadata"),
  supported("checkpointProtection"),
  feature("materializePartitionColumns", {
    properties: { "delta.feature.materializePartitionColumns": "supported" },
    fields: [field("part", "boolean")],
    partitionBy: ["part"],
  }),
  feature("inCommitTimestamp", { properties: { "delta.enableInCommitTimestamps": "true" } }),
  feature("rowTracking", { properties: { "delta.enableRowTracking": "true" } }),
  feature("clustering", { clusterBy: ["v"] }),
  feature("typeWidening", {
    properties: { "delta.enableTypeWidening": "true" },
    fields: [field("small", "short")],
    changes: [{ kind: "widen-column", column: ["small"], type: "long" }],
  }),
];

/** Names that mean what another one means, or that a table is not made with on purpose. */
export const OTHER_NAMES: ReadonlySet<string> = new Set(["timestampWithoutTimezone", "typeWidening-preview"]);

export function nameOf({ feature: name, variant }: FeatureUse): string {
  return variant === undefined ? name : `${name} (${variant})`;
}

/** Whether a table can have both. */
export function areCompatible(left: FeatureUse, right: FeatureUse): boolean {
  if (left.feature === right.feature) return false;
  const names = [nameOf(left), nameOf(right)];
  // A clustered table has no partitions.
  if (names.includes("clustering") && (left.partitionBy ?? right.partitionBy) !== undefined) return false;
  // The columns that keep row ids have no column ids.
  return !(names.includes("rowTracking") && names.includes("columnMapping (id)"));
}

/** Each alone and each pair of two. */
export function combinations(): readonly (readonly FeatureUse[])[] {
  const pairs = USES.flatMap((left, index) =>
    USES.slice(index + 1)
      .filter((right) => areCompatible(left, right))
      .map((right) => [left, right]),
  );
  return [...USES.map((use) => [use]), ...pairs];
}

/** A table that makes use of them from its first version on, with checkpoints on the way. */
export function creationOf(uses: readonly FeatureUse[]): TableCreation {
  const properties = { "delta.checkpointInterval": "3" };
  const clusterBy = uses.flatMap((use) => use.clusterBy ?? []);
  const partitionColumns = uses.flatMap((use) => use.partitionBy ?? []);
  const fields = [
    field("id", "long"),
    field("v", "long"),
    field("extra", "string"),
    ...uses.flatMap((use) => use.fields ?? []),
  ];
  return {
    schema: struct(fields),
    properties: Object.assign(properties, ...uses.map((use) => use.properties ?? {})) as Record<string, string>,
    ...(clusterBy.length === 0 ? {} : { clusterBy }),
    ...(partitionColumns.length === 0 ? {} : { partitionColumns }),
  };
}

/** SQL for the rows `from` up to `to`, without what the table itself gives. */
export function rowsSql(uses: readonly FeatureUse[], { from, to, v }: { from: number; to: number; v: number }): string {
  const given = new Set(uses.flatMap((use) => use.given ?? []));
  const fields = uses.flatMap((use) => use.fields ?? []).filter(({ name }) => !given.has(name));
  const columns = fields.map(({ name, type }) => `${VALUES[shown(type)] ?? "NULL"} AS "${name}"`);
  return `SELECT ${["i AS id", `${v} AS v`, ...columns].join(", ")} FROM range(${from}, ${to}) r(i)`;
}

const VALUES: Readonly<Record<string, string>> = {
  long: "i",
  boolean: "i % 2 = 0",
  short: "i::SMALLINT",
  string: "'t' || i",
  timestamp_ntz: "TIMESTAMP '2024-02-29 12:34:56.789' + INTERVAL (i) DAY",
};

function shown(type: DataType): string {
  return typeof type === "string" ? type : type.type;
}
