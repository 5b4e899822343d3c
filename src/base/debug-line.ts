import { debuglog } from "node:util";

const write = debuglog("sluice");

/** For whoever asks how something was done: printed to stderr where the environment says `NODE_DEBUG=sluice`. */
export function debugLine(text: string): void {
  write("%s", text);
}
