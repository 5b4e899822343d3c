import { join } from "node:path";
import { flawOfEndpoint, isS3Url, readS3Url, s3Identity, S3_OPTIONS } from "../../storage/index.ts";
import type { S3Place } from "../builders/s3-place.ts";
import type { LakeDefinition, ResolvedLocation } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readEntries, readFields } from "../reading/read-object.ts";
import { readFlag, readOptionalText, readText, readTexts } from "../reading/read-scalar.ts";
import { readFolder } from "./folders.ts";

const LAYER_ROOTS = ["bronze", "silver", "gold", "quarantine", "system"] as const;
const S3_FIELDS = Object.keys(S3_OPTIONS) as readonly (keyof S3Place)[];

/** A folder of this machine, or a place in S3. Undefined (and noted) for anything else. */
export function readLocation(place: Place, value: unknown, folder: string): ResolvedLocation | undefined {
  if (typeof value === "string" && isS3Url(value)) return readUrl(place, value) ? { url: value } : undefined;
  return isPlaceLike(place, value) ? readS3Place(place, value) : readFolder(place, value, folder);
}

/** The roots of the layers; undefined (and noted) where one is missing or two are the same. */
export function readRoots(place: Place, value: unknown, folder: string): LakeDefinition["roots"] | undefined {
  if (typeof value === "string" || isPlaceLike(place, value)) {
    const root = readLocation(place, value, folder);
    if (root === undefined) return undefined;
    return rootsBy((layer) => (typeof root === "string" ? join(root, layer) : { ...root, folder: layer }));
  }
  const fields = readFields(place, value, { known: LAYER_ROOTS, what: "a folder, or one for each layer" });
  if (fields === undefined) return undefined;
  const read = rootsBy((layer) => readLocation(place.at(layer), fields[layer], folder));
  for (const [index, layer] of LAYER_ROOTS.entries()) {
    const own = addressOf(read[layer]);
    const twin = LAYER_ROOTS.slice(0, index).find((other) => own !== undefined && addressOf(read[other]) === own);
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

/** What two locations share when they are the same place. */
function addressOf(location: ResolvedLocation | undefined): string | undefined {
  if (location === undefined || typeof location === "string") return location;
  return "flaw" in readS3Url(location.url) ? location.url : s3Identity(location);
}

/** Whether an object is meant as a place rather than as one place for each layer. */
function isPlaceLike(place: Place, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "url") && readEntries(place, value, "a place in S3") !== undefined;
}

function readS3Place(place: Place, value: unknown): S3Place | undefined {
  const fields = readFields(place, value, { known: S3_FIELDS });
  if (fields === undefined) return undefined;
  const url = readText(place.at("url"), fields.url, "s3://bucket/prefix");
  const region = readOptionalText(place.at("region"), fields.region, "a region's name");
  const insecure = readFlag(place.at("insecure"), fields.insecure, false);
  const endpoint = readEndpoint(place.at("endpoint"), fields.endpoint, insecure);
  const kmsKey = readOptionalText(place.at("kmsKey"), fields.kmsKey, "a KMS key's ARN, id or alias");
  const bucketOwner = readOwner(place.at("bucketOwner"), fields.bucketOwner);
  const tags = readTexts(place.at("tags"), fields.tags);
  const singleWriter = readFlag(place.at("singleWriter"), fields.singleWriter, false);
  const pathStyle =
    fields.pathStyle === undefined ? undefined : readFlag(place.at("pathStyle"), fields.pathStyle, true);
  if (url === undefined || !readUrl(place.at("url"), url)) return undefined;
  return {
    url,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(pathStyle === undefined ? {} : { pathStyle }),
    ...(insecure ? { insecure } : {}),
    ...(kmsKey === undefined ? {} : { kmsKey }),
    ...(bucketOwner === undefined ? {} : { bucketOwner }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(singleWriter ? { singleWriter } : {}),
  };
}

/** Notes what is wrong with the URL. What is there is not shown: people write credentials into URLs. */
function readUrl(place: Place, url: string): boolean {
  const address = readS3Url(url);
  if ("flaw" in address) place.refuse("s3://bucket/prefix", "another text", address.flaw);
  return !("flaw" in address);
}

function readEndpoint(place: Place, value: unknown, insecure: boolean): string | undefined {
  const endpoint = readOptionalText(place, value, "a URL such as https://minio.example.com");
  if (endpoint === undefined) return undefined;
  const flaw = flawOfEndpoint(endpoint, insecure);
  return flaw === undefined ? endpoint : place.refuse("a URL such as https://minio.example.com", "another text", flaw);
}

function readOwner(place: Place, value: unknown): string | undefined {
  const owner = readOptionalText(place, value, "an AWS account's twelve digits, as a text");
  if (owner === undefined || /^\d{12}$/.test(owner)) return owner;
  return place.expected("an AWS account's twelve digits, as a text", value);
}
