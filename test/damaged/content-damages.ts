import { rmSync, truncateSync } from "node:fs";
import {
  WHOLE,
  corrupt,
  dataFile,
  flip,
  swapIds,
  unsupported,
  vectorFile,
  withMetadata,
  withRecords,
  withVector,
  type Damage,
} from "./damage.ts";

/** What can become of data files and deletion vectors, and of what the log says of them. */
export const CONTENT_DAMAGES: readonly Damage[] = [
  {
    name: "a missing data file",
    damage: (table) => rmSync(dataFile(table)),
    outcome: corrupt(/file .*\.parquet of table/),
  },
  {
    name: "a data file cut off",
    damage: (table) => truncateSync(dataFile(table), 100),
    outcome: corrupt(/file .*\.parquet/),
  },
  {
    name: "an empty data file",
    damage: (table) => truncateSync(dataFile(table), 0),
    outcome: corrupt(/file .*\.parquet/),
  },
  {
    name: "a missing deletion vector",
    damage: (table) => rmSync(vectorFile(table)),
    outcome: corrupt(/deletion.vector.* missing/i),
  },
  {
    name: "a deletion vector with another checksum",
    damage: (table) => flip(vectorFile(table), -1),
    outcome: corrupt(/deletion.vector/i),
  },
  {
    name: "a garbled deletion vector",
    damage: (table) => flip(vectorFile(table), 12),
    outcome: corrupt(/deletion.vector/i),
  },
  {
    name: "a deletion vector cut off",
    damage: (table) => truncateSync(vectorFile(table), 10),
    outcome: corrupt(/deletion.vector/i),
  },
  {
    name: "a deletion vector with no path",
    damage: (table) => withVector(table, { pathOrInlineDv: "short" }),
    outcome: corrupt(/deletion vector/i),
  },
  {
    name: "a deletion vector of an unknown kind",
    damage: (table) => withVector(table, { storageType: "x" }),
    outcome: corrupt(/storageType "x" is unknown/),
  },
  {
    name: "a deletion vector by its absolute path",
    damage: (table) => withVector(table, { storageType: "p", pathOrInlineDv: `file://${vectorFile(table)}` }),
    outcome: WHOLE,
  },
  {
    name: "a deletion vector of another place",
    damage: (table) => withVector(table, { storageType: "p", pathOrInlineDv: "file:///etc/passwd" }),
    outcome: unsupported(/outside of the table's folder/),
  },
  {
    name: "a deletion vector of another size",
    damage: (table) => withVector(table, { sizeInBytes: 5 }),
    outcome: corrupt(/deletion vector/i),
  },
  { name: "fewer rows said than there are", damage: (table) => withRecords(table, "1"), outcome: WHOLE },
  { name: "more rows said than there are", damage: (table) => withRecords(table, "1000000"), outcome: WHOLE },
  {
    name: "an empty schema text",
    damage: (table) => withMetadata(table, { schemaString: "" }),
    outcome: corrupt(/schemaString is not JSON/),
  },
  {
    name: "a schema text that is no schema",
    damage: (table) => withMetadata(table, { schemaString: '"long"' }),
    outcome: corrupt(/schemaString: a struct expected/),
  },
  {
    name: "a column of an unknown type",
    damage: (table) =>
      table.change(0, (text) => text.replace(String.raw`\"type\":\"long\"`, String.raw`\"type\":\"quaternion\"`)),
    outcome: unsupported(/column id has type quaternion/),
  },
  {
    name: "a partition column that is not there",
    damage: (table) => withMetadata(table, { partitionColumns: ["nothing"] }),
    outcome: corrupt(/partition column "nothing"/),
  },
  {
    name: "an unknown feature for readers",
    damage: (table) => table.change(0, (text) => text.replace('"readerFeatures":[', '"readerFeatures":["ofTomorrow",')),
    outcome: unsupported(/ofTomorrow/),
  },
  {
    name: "an unknown feature for writers",
    damage: (table) => table.change(0, (text) => text.replace('"writerFeatures":[', '"writerFeatures":["ofTomorrow",')),
    outcome: WHOLE,
  },
  {
    name: "a reader version of tomorrow",
    damage: (table) => table.change(0, (text) => text.replace('"minReaderVersion":3', '"minReaderVersion":4')),
    outcome: unsupported(/reader version 4/),
  },
  {
    name: "an unknown mode of column mapping",
    columnMapping: "name",
    damage: (table) =>
      table.change(0, (text) =>
        text.replace('"delta.columnMapping.mode":"name"', '"delta.columnMapping.mode":"color"'),
      ),
    outcome: corrupt(/column mapping|columnMapping/),
  },
  { name: "swapped column ids", columnMapping: "id", damage: swapIds, outcome: corrupt(/.*/) },
  {
    name: "absent column ids",
    columnMapping: "id",
    damage: (table) => table.change(0, (text) => text.replaceAll(/\\"delta\.columnMapping\.id\\":\d+,/g, "")),
    outcome: corrupt(/columnMapping\.id|id/),
  },
];
