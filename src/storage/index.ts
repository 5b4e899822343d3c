export { countingStore, type CountingStore, type StoreCounts } from "./counting-store.ts";
export {
  SimulatedCrash,
  type Effect,
  type Fault,
  type Moment,
  type StoreCall,
  type StoreOperation,
} from "./faulty/fault.ts";
export { faultyStore, type FaultyOptions, type FaultyStore } from "./faulty/faulty-store.ts";
export { absoluteUrl, objectAt, pathBelow, percentDecoded, withOutside } from "./outside.ts";
export { pathFailure } from "./local/file-failure.ts";
export { processFolderPrefix, sweepProcessFolders } from "./local/process-folder.ts";
export { localStore, type LocalStore } from "./local/local-store.ts";
export { memoryStore } from "./memory/memory-store.ts";
export { withLease, type Leased } from "./lease.ts";
export { openNote, type Note, type NoteStore } from "./note.ts";
export { SharedLimit, limitFolder, type Limit, type PutBack } from "./shared-limit.ts";
export type { ByteRange, ObjectInfo, ObjectStore } from "./object-store.ts";
export { s3Identity } from "./s3/connection.ts";
export type { S3Access, S3Connection, S3Grant } from "./s3-access.ts";
export { S3_OPTIONS, flawOfEndpoint, isS3Url, readS3Url, s3Root, type S3Options } from "./s3/s3-options.ts";
export { s3Store } from "./s3/s3-store.ts";
export { compareUtf8 } from "./utf8-order.ts";
