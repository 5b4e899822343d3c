import { join, resolve } from "node:path";
import type { LakeDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readText } from "../reading/read-scalar.ts";

const LAYER_ROOTS = ["bronze", "silver", "gold", "quarantine", "system"] as const;
const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/** An absolute folder of this machine; relative ones start at `folder`. */
export function readFolder(place: Place, value: unknown, folder: string): string | undefined {
  const text = readText(place, value, "a folder");
  if (text === undefined) return undefined;
  if (ADDRESS.test(text)) {
    return place.expected("a folder of this machine", text, "object stores are not available yet");
  }
  if (text.startsWith("~")) return place.expected("a folder", text, "`~` is not expanded: use os.homedir()");
  return resolve(folder, text);
}

/** The roots of the layers; undefined (and noted) where one is missing or two are the same. */
export function readRoots(place: Place, value: unknown, folder: string): LakeDefinition["roots"] | undefined {
  if (typeof value === "string") {
    const root = readFolder(place, value, folder);
    return root === undefined ? undefined : rootsBy((layer) => join(root, layer));
  }
  const fields = readFields(place, value, { known: LAYER_ROOTS, what: "a folder, or one for each layer" });
  if (fields === undefined) return undefined;
  const read = rootsBy((layer) => readFolder(place.at(layer), fields[layer], folder));
  for (const [index, layer] of LAYER_ROOTS.entries()) {
    const twin = LAYER_ROOTS.slice(0, index).find((other) => read[other] !== undefined && read[other] === read[layer]);
    if (twin !== undefined) place.at(layer).refuse("a folder for each layer", `that of ${twin}`);
  }
  const { bronze, silver, gold, quarantine, system } = read;
  if (bronze === undefined || silver === undefined || gold === undefined) return undefined;
  return quarantine === undefined || system === undefined ? undefined : { bronze, silver, gold, quarantine, system };
}

function rootsBy<Root>(rootOf: (layer: (typeof LAYER_ROOTS)[number]) => Root) {
  return {
    bronze: rootOf("bronze"),
    silver: rootOf("silver"),
    gold: rootOf("gold"),
    quarantine: rootOf("quarantine"),
    system: rootOf("system"),
  };
}
