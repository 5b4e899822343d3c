import { rmSync, truncateSync, writeFileSync } from "node:fs";
import {
  PROTOCOL,
  WHOLE,
  addIn,
  checkpoint,
  checksum,
  corrupt,
  twice,
  without,
  withoutFiles,
  type Damage,
} from "./damage.ts";

/** What can become of the files of a log. */
export const LOG_DAMAGES: readonly Damage[] = [
  { name: "nothing", damage: () => undefined, outcome: WHOLE },
  { name: "nothing, with checkpoints", checkpoints: true, damage: () => undefined, outcome: WHOLE },
  {
    name: "a commit of 10 bytes",
    damage: (table) => truncateSync(table.log(2), 10),
    outcome: corrupt(/0002\.json, line 1/),
  },
  {
    name: "an empty first commit",
    damage: (table) => truncateSync(table.log(0), 0),
    outcome: corrupt(/0000\.json: the file is empty/),
  },
  {
    name: "an empty newest commit",
    damage: (table) => truncateSync(table.log(3), 0),
    outcome: corrupt(/0003\.json: the file is empty/),
  },
  {
    name: "no JSON in a commit",
    damage: (table) => table.change(1, (text) => `${text}{"add"`),
    outcome: corrupt(/0001\.json, line \d/),
  },
  {
    name: "no UTF-8 in a commit",
    damage: (table) => writeFileSync(table.log(1), Buffer.from([0xff, 0xfe, 0x0a])),
    outcome: corrupt(/0001\.json: it is not UTF-8/),
  },
  { name: "a gap", damage: (table) => rmSync(table.log(1)), outcome: corrupt(/0001\.json is missing/) },
  {
    name: "a gap that a checkpoint covers",
    checkpoints: true,
    damage: (table) => rmSync(table.log(0)),
    outcome: WHOLE,
  },
  { name: "no first commit", damage: (table) => rmSync(table.log(0)), outcome: corrupt(/0000\.json is missing/) },
  {
    name: "no protocol",
    damage: (table) => table.change(0, without("protocol")),
    outcome: corrupt(/no protocol action/),
  },
  {
    name: "no metaData",
    damage: (table) => table.change(0, without("metaData")),
    outcome: corrupt(/no metaData action/),
  },
  {
    name: "two protocols in a commit",
    damage: (table) => table.say(1, PROTOCOL, PROTOCOL),
    outcome: corrupt(/0001\.json: two protocol actions/),
  },
  {
    name: "two metaData in a commit",
    damage: (table) => table.change(0, twice("metaData")),
    outcome: corrupt(/0000\.json: two metaData actions/),
  },
  {
    name: "a file added twice in a commit",
    damage: (table) => table.change(1, twice("add")),
    outcome: corrupt(/0001\.json: two add actions/),
  },
  {
    name: "a file added and removed in a commit",
    damage: (table) => table.say(1, { remove: { path: addIn(table, 1).path, dataChange: true } }),
    outcome: corrupt(/added and removed/),
  },
  {
    name: "a file added again in a later commit",
    damage: (table) => table.say(3, { add: addIn(table, 1) }),
    outcome: WHOLE,
  },
  {
    name: "a commit that removes what is not there",
    damage: (table) => table.say(3, { remove: { path: "nothing.parquet", dataChange: true } }),
    outcome: WHOLE,
  },
  { name: "an action that nobody knows", damage: (table) => table.say(3, { fromTomorrow: { x: 1 } }), outcome: WHOLE },
  { name: "no checksum files", damage: (table) => withoutFiles(table, /\.crc$/), outcome: WHOLE },
  { name: "an empty checksum file", damage: (table) => truncateSync(table.log(checksum(3)), 0), outcome: WHOLE },
  {
    name: "a checksum file of nonsense",
    damage: (table) => table.change(checksum(3), () => '{"numFiles":-7}'),
    outcome: WHOLE,
  },
  {
    name: "a hint to a version that is not there",
    checkpoints: true,
    damage: (table) => writeFileSync(table.log("_last_checkpoint"), '{"version":99,"size":1}'),
    outcome: WHOLE,
  },
  {
    name: "an old hint",
    checkpoints: true,
    damage: (table) => writeFileSync(table.log("_last_checkpoint"), '{"version":1,"size":1}'),
    outcome: WHOLE,
  },
  {
    name: "a hint that is no JSON",
    checkpoints: true,
    damage: (table) => writeFileSync(table.log("_last_checkpoint"), "not json"),
    outcome: WHOLE,
  },
  {
    name: "an empty hint",
    checkpoints: true,
    damage: (table) => truncateSync(table.log("_last_checkpoint"), 0),
    outcome: WHOLE,
  },
  { name: "no hint", checkpoints: true, damage: (table) => rmSync(table.log("_last_checkpoint")), outcome: WHOLE },
  { name: "an empty log", damage: (table) => withoutFiles(table, /./), outcome: "no table" },
  { name: "no log", damage: (table) => rmSync(table.log(""), { recursive: true }), outcome: "no table" },
  {
    name: "a checkpoint cut off, and commits",
    checkpoints: true,
    damage: (table) => truncateSync(table.log(checkpoint(3)), 500),
    outcome: WHOLE,
  },
  {
    name: "a checkpoint cut off, and an older one",
    checkpoints: true,
    damage: (table) => (truncateSync(table.log(checkpoint(3)), 500), rmSync(table.log(0))),
    outcome: WHOLE,
  },
  {
    name: "every checkpoint cut off, and no first commit",
    checkpoints: true,
    damage: (table) => (
      [1, 3].forEach((version) => truncateSync(table.log(checkpoint(version)), 500)),
      rmSync(table.log(0))
    ),
    outcome: corrupt(/0003\.checkpoint\.parquet/),
  },
  {
    name: "only a checkpoint",
    checkpoints: true,
    damage: (table) => withoutFiles(table, /\.json$|\.crc$|_last_checkpoint|1\.checkpoint/),
    outcome: WHOLE,
  },
  {
    name: "an incomplete checkpoint of many parts",
    damage: (table) =>
      writeFileSync(table.log("00000000000000000002.checkpoint.0000000001.0000000002.parquet"), "PAR1"),
    outcome: WHOLE,
  },
];
