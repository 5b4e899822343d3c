import { describe, expect, test } from "vitest";
import { field, struct, type StructType } from "../../contract/index.ts";
import { metadataOf } from "../../../test/delta-builders.ts";
import type { ProtocolAction, TableMetadata } from "../actions.ts";
import { protocolFor } from "./protocol-for.ts";
import { FEATURES } from "./registry.ts";
import { assertReadable, assertWritable } from "./support.ts";

const PLAIN = struct([field("x", "long")]);

describe("the protocol of a table", () => {
  test("is as low as what it uses", () => {
    expect(protocolFor(metadata())).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
    expect(protocolFor(metadata({ "delta.appendOnly": "true" }))).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
    expect(protocolFor(metadata({ "delta.enableDeletionVectors": "true", "delta.appendOnly": "true" }))).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["deletionVectors"],
      writerFeatures: ["appendOnly", "deletionVectors"],
    });
    expect(protocolFor(metadata({}, struct([field("at", "timestamp_ntz")])))).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["timestampNtz"],
      writerFeatures: ["timestampNtz"],
    });
  });

  test("is raised without losing what the old versions imply", () => {
    const withVectors = metadata({ "delta.enableDeletionVectors": "true" });
    expect(protocolFor(withVectors, { minReaderVersion: 2, minWriterVersion: 5 })).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["columnMapping", "deletionVectors"],
      writerFeatures:
        "appendOnly changeDataFeed checkConstraints columnMapping deletionVectors generatedColumns invariants".split(
          " ",
        ),
    });
    const present = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["domainMetadata"] };
    expect(protocolFor(withVectors, present)).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["deletionVectors"],
      writerFeatures: ["deletionVectors", "domainMetadata"],
    });
    const mapped = { minReaderVersion: 2, minWriterVersion: 7, writerFeatures: ["columnMapping"] };
    expect(protocolFor(withVectors, mapped).readerFeatures).toEqual(["columnMapping", "deletionVectors"]);
  });

  test("stays the same object when it suffices", () => {
    const present = { minReaderVersion: 1, minWriterVersion: 6 };
    expect(protocolFor(metadata(), present)).toBe(present);
    const raised = protocolFor(metadata({ "delta.enableDeletionVectors": "true" }), present);
    expect(protocolFor(metadata({ "delta.enableDeletionVectors": "true" }), raised)).toBe(raised);
  });
});

describe("a table of another engine", () => {
  test("of an old version is written as long as it makes no use of what the version allows", () => {
    for (let writer = 1; writer <= 6; writer += 1) {
      const reader = writer >= 5 ? 2 : 1;
      expect(() =>
        assertWritable({ minReaderVersion: reader, minWriterVersion: writer }, metadata(), "t"),
      ).not.toThrow();
    }
  });

  test("is refused for writing by the name of what it uses, and still read", () => {
    const uses: readonly (readonly [name: string, used: TableMetadata])[] = [
      ["icebergCompatV1", metadata({ "delta.enableIcebergCompatV1": "true" })],
      ["icebergCompatV2", metadata({ "delta.enableIcebergCompatV2": "true" })],
    ];
    for (const [name, used] of uses) {
      const protocol = { minReaderVersion: 1, minWriterVersion: 6 };
      expect(() => assertReadable(protocol, used, "t")).not.toThrow();
      expect(() => assertWritable(protocol, used, "t")).toThrow(`Cannot write table t: it uses ${name}`);
    }
  });

  test("with columns of nothing but nulls is read, and not written", () => {
    const used = metadata({}, struct([field("x", "long"), field("s", struct([field("nothing", "void")]))]));
    const protocol = { minReaderVersion: 1, minWriterVersion: 2 };
    expect(() => assertReadable(protocol, used, "t")).not.toThrow();
    expect(() => assertWritable(protocol, used, "t")).toThrow("Cannot write table t: it uses void columns");
  });

  test("is refused by every name that it lists and we do not know", () => {
    const both = listing(["deletionVectors", "newReader", "other"], ["newWriter"]);
    expect(() => assertReadable(both, metadata(), "t")).toThrow(/Cannot read table t: it uses newReader, other$/);
    const writerOnly = listing(["deletionVectors"], ["newWriter"]);
    expect(() => assertReadable(writerOnly, metadata(), "t")).not.toThrow();
    expect(() => assertWritable(writerOnly, metadata(), "t")).toThrow(/Cannot write table t: it uses newWriter$/);
    expect(() => assertWritable({ minReaderVersion: 1, minWriterVersion: 8 }, metadata(), "t")).toThrow(
      /writer version 8/,
    );
    expect(() => assertReadable({ minReaderVersion: 9, minWriterVersion: 9 }, metadata(), "t")).toThrow(
      /reader version 9/,
    );
  });

  test("is judged for each feature of the table of features", () => {
    for (const feature of FEATURES.values()) {
      const isReader = feature.kind === "reader-writer";
      const protocol = listing(isReader ? [feature.name] : [], isReader ? [] : [feature.name]);
      const read = (): void => assertReadable(protocol, metadata(), "t");
      const write = (): void => assertWritable(protocol, metadata(), "t");
      expect(throws(read)).toBe(isReader && feature.read === "no");
      expect(throws(write)).toBe(feature.write === "no");
    }
  });
});

function metadata(configuration: Record<string, string> = {}, schema: StructType = PLAIN): TableMetadata {
  return { ...metadataOf({ schema, configuration }), schema };
}

function listing(reader: readonly string[], writer: readonly string[]): ProtocolAction {
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: reader,
    writerFeatures: [...reader, ...writer],
  };
}

function throws(act: () => void): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}
