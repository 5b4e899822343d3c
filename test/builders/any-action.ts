import fc from "fast-check";
import type { JsonObject } from "../../src/base/index.ts";

const texts = fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed() && !text.includes("\0"));
const textMaps = fc.dictionary(texts, fc.option(texts), { maxKeys: 3, noNullPrototype: true });
const counts = fc.oneof(fc.maxSafeNat(), fc.integer());
const vectors = fc.record(
  {
    storageType: fc.constantFrom("u", "i", "p"),
    pathOrInlineDv: texts,
    offset: fc.nat(),
    sizeInBytes: fc.nat(),
    cardinality: fc.maxSafeNat(),
  },
  { requiredKeys: ["storageType", "pathOrInlineDv", "sizeInBytes", "cardinality"] },
);
const adds = fc.record(
  {
    path: texts,
    partitionValues: textMaps,
    size: counts,
    modificationTime: counts,
    dataChange: fc.boolean(),
    stats: fc.constantFrom('{"numRecords":1,"minValues":{"a":"x\\"y"}}', "no json", ""),
    tags: textMaps,
    deletionVector: vectors,
    baseRowId: counts,
    defaultRowCommitVersion: counts,
    clusteringProvider: texts,
  },
  { requiredKeys: ["path", "partitionValues", "size", "modificationTime", "dataChange"] },
);
const removes = fc.record(
  {
    path: texts,
    deletionTimestamp: counts,
    dataChange: fc.boolean(),
    extendedFileMetadata: fc.boolean(),
    partitionValues: textMaps,
    size: counts,
    deletionVector: vectors,
  },
  { requiredKeys: ["path", "dataChange"] },
);
const metadata = fc.record(
  {
    id: texts,
    name: texts,
    description: texts,
    format: fc.record({ provider: fc.constant("parquet"), options: textMaps }),
    schemaString: fc.constant('{"type":"struct","fields":[]}'),
    partitionColumns: fc.array(texts, { maxLength: 3 }),
    createdTime: counts,
    configuration: textMaps,
  },
  { requiredKeys: ["id", "format", "schemaString", "partitionColumns", "configuration"] },
);
const protocols = fc.record(
  {
    minReaderVersion: fc.nat(7),
    minWriterVersion: fc.nat(7),
    readerFeatures: fc.array(texts, { maxLength: 3 }),
    writerFeatures: fc.array(texts, { maxLength: 3 }),
  },
  { requiredKeys: ["minReaderVersion", "minWriterVersion"] },
);
/** An action of a checkpoint, with all that the protocol has of members. */
export const anyAction: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({ add: adds }),
  fc.record({ remove: removes }),
  fc.record({ metaData: metadata }),
  fc.record({ protocol: protocols }),
  fc.record({
    txn: fc.record({ appId: texts, version: counts, lastUpdated: counts }, { requiredKeys: ["appId", "version"] }),
  }),
  fc.record({ domainMetadata: fc.record({ domain: texts, configuration: texts, removed: fc.boolean() }) }),
) as fc.Arbitrary<JsonObject>;
