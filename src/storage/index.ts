export { localStore, type LocalStore } from "./local/local-store.ts";
export { memoryStore } from "./memory/memory-store.ts";
export type { ByteRange, ObjectInfo, ObjectStore } from "./object-store.ts";
export { compareUtf8 } from "./utf8-order.ts";
