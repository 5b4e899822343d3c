export { fileBytes } from "./file-bytes.ts";
export { inflate } from "./inflate.ts";
export { readSource, sizeOfSource } from "./read-source.ts";
