export { INFLATION, chunksOf } from "./delivered/chunks.ts";
export { compareFiles, type Compared, type TakenBefore } from "./delivered/compare-files.ts";
export { isTemporary, markOf, type DeliveredFile, type Groups } from "./delivered/delivered-file.ts";
export { GroupCounter } from "./delivered/groups.ts";
export { copyFile } from "./copy-file.ts";
export { fileBytes } from "./file-bytes.ts";
export { inflate } from "./inflate.ts";
export { readSource, sizeOfSource } from "./read-source.ts";
export { assertUnchanged } from "./delivered/unchanged.ts";
