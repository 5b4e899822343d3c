import { resolve } from "node:path";
import type { Place } from "../reading/place.ts";
import { readText } from "../reading/read-scalar.ts";

const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/** An absolute folder of this machine; relative ones start at `folder`. */
export function readFolder(place: Place, value: unknown, folder: string): string | undefined {
  const text = readText(place, value, "a folder");
  if (text === undefined) return undefined;
  if (ADDRESS.test(text)) {
    return place.expected(
      "a folder of this machine",
      text,
      "of object stores S3 alone is known, as s3://bucket/prefix",
    );
  }
  if (text.startsWith("~")) return place.expected("a folder", text, "`~` is not expanded: use os.homedir()");
  return resolve(folder, text);
}
