import { describe, expect, test } from "vitest";
import { must } from "../../base/index.ts";
import { field, struct, type StructField } from "../../contract/index.ts";
import { snapshotOf } from "../../../test/snapshot-of-files.ts";
import { clusteringColumns, clusteringDomain } from "../schema/clustering.ts";
import { identityColumns } from "../schema/identity-columns.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import { serializeSchema } from "../schema/serialize-schema.ts";
import type { Snapshot } from "../snapshot.ts";
import { planRestore } from "./plan-restore.ts";

function versionWith(...fields: readonly StructField[]): Snapshot {
  const snapshot = snapshotOf([]);
  const schema = struct(fields);
  return { ...snapshot, metadata: { ...snapshot.metadata, schema, schemaString: serializeSchema(schema) } };
}

function identity(name: string, step: number, mark?: number): StructField {
  const metadata = {
    "delta.identity.start": 1,
    "delta.identity.step": step,
    "delta.identity.allowExplicitInsert": false,
  };
  return {
    ...field(name, "long"),
    metadata: { ...metadata, ...(mark === undefined ? {} : { "delta.identity.highWaterMark": mark }) },
  };
}

describe("a plan to restore a table", () => {
  test("lets identity columns go on from the values that were given since", () => {
    const target = versionWith(
      identity("up", 1, 3),
      identity("down", -2, -3),
      identity("fresh", 1),
      identity("gone", 1, 4),
    );
    const current = versionWith(
      identity("up", 1, 10),
      identity("down", -2, -11),
      identity("fresh", 1, 6),
      field("text", "string"),
    );
    const { metadata } = planRestore(current, target, 0);
    const columns = identityColumns(parseSchema(metadata?.schemaString ?? "", "the plan"));
    expect(columns.map(({ name, next }) => [name, next])).toEqual([
      ["up", 11n],
      ["down", -13n],
      ["fresh", 7n],
      ["gone", 5n],
    ]);
  });

  test("says nothing of a schema that is the same but for them", () => {
    const current = versionWith(identity("id", 1, 10));
    expect(planRestore(current, versionWith(identity("id", 1, 3)), 0).metadata).toBe(undefined);
    expect(planRestore(current, versionWith(identity("id", 1, 12)), 0).metadata).toBeDefined();
  });

  test.each<[string, readonly string[] | undefined, readonly string[] | undefined, unknown]>([
    ["by the columns of then", ["more"], ["value"], { columns: [["value"]], removed: false }],
    ["by none, as then", ["more"], undefined, { columns: [["more"]], removed: true }],
    ["again, as then", undefined, ["value"], { columns: [["value"]], removed: false }],
    ["as it is, where that is the same", ["value"], ["value"], undefined],
    ["not at all, as ever", undefined, undefined, undefined],
  ])("clusters it %s", (_title, now, then, expected) => {
    const [current, target] = [now, then].map((names): Snapshot => {
      const version = versionWith(field("value", "long"), field("more", "long"));
      if (names === undefined) return version;
      const domain = clusteringDomain(version.metadata, names.map((name) => [name])); // prettier-ignore
      return { ...version, domains: new Map([[domain.domain, domain]]) };
    });
    const { domains } = planRestore(must(current, "one"), must(target, "two"), 0);
    const found = domains?.map((domain) => ({
      columns: clusteringColumns(new Map([[domain.domain, domain]])),
      removed: domain.removed,
    }));
    expect(found?.[0]).toEqual(expected);
  });
});
