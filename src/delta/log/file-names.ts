/** Names of files in `_delta_log` (Delta PROTOCOL, "File Types"). */
export type LogFile =
  | { readonly kind: "commit"; readonly version: number }
  | { readonly kind: "checksum"; readonly version: number }
  | { readonly kind: "classic-checkpoint"; readonly version: number }
  | { readonly kind: "multi-part-checkpoint"; readonly version: number; readonly part: number; readonly parts: number }
  | { readonly kind: "uuid-checkpoint"; readonly version: number; readonly format: "json" | "parquet" }
  /** What the commits from `version` up to `endVersion` (both included) come to. */
  | { readonly kind: "compaction"; readonly version: number; readonly endVersion: number };

const LOG_FOLDER = "_delta_log";
export const HINT_PATH = `${LOG_FOLDER}/_last_checkpoint`;
export const SIDECAR_FOLDER = `${LOG_FOLDER}/_sidecars`;

/**
 * Start of every path that belongs to a version: versions have 20 digits and at most 19 of them count (they are signed
 * 64-bit numbers). A listing with it passes over `_sidecars`, `_commits` and other folders.
 */
export const VERSIONED_PREFIX = `${LOG_FOLDER}/0`;

const COMMIT = /^(\d{20})\.json$/;
const CHECKSUM = /^(\d{20})\.crc$/;
const CLASSIC = /^(\d{20})\.checkpoint\.parquet$/;
const MULTI_PART = /^(\d{20})\.checkpoint\.(\d{10})\.(\d{10})\.parquet$/;
const COMPACTION = /^(\d{20})\.(\d{20})\.compacted\.json$/;
const UUID = /^(\d{20})\.checkpoint\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(json|parquet)$/i;

/** What a path of the log is; undefined for anything that takes no part in replay. */
export function parseLogFile(path: string): LogFile | undefined {
  if (!path.startsWith(`${LOG_FOLDER}/`)) return undefined;
  const name = path.slice(LOG_FOLDER.length + 1);
  const commit = COMMIT.exec(name);
  if (commit !== null) return { kind: "commit", version: Number(commit[1]) };
  const checksum = CHECKSUM.exec(name);
  if (checksum !== null) return { kind: "checksum", version: Number(checksum[1]) };
  const classic = CLASSIC.exec(name);
  if (classic !== null) return { kind: "classic-checkpoint", version: Number(classic[1]) };
  const part = MULTI_PART.exec(name);
  if (part !== null) {
    return { kind: "multi-part-checkpoint", version: Number(part[1]), part: Number(part[2]), parts: Number(part[3]) };
  }
  const compaction = COMPACTION.exec(name);
  if (compaction !== null) {
    return { kind: "compaction", version: Number(compaction[1]), endVersion: Number(compaction[2]) };
  }
  const uuid = UUID.exec(name);
  if (uuid === null) return undefined;
  return { kind: "uuid-checkpoint", version: Number(uuid[1]), format: uuid[2] === "json" ? "json" : "parquet" };
}

export function commitPath(version: number): string {
  return `${LOG_FOLDER}/${digits(version)}.json`;
}

export function checksumPath(version: number): string {
  return `${LOG_FOLDER}/${digits(version)}.crc`;
}

export function checkpointPath(version: number): string {
  return `${LOG_FOLDER}/${digits(version)}.checkpoint.parquet`;
}

/** Delta PROTOCOL, "UUID-named checkpoint". */
export function v2CheckpointPath(version: number, uuid: string): string {
  return `${LOG_FOLDER}/${digits(version)}.checkpoint.${uuid}.parquet`;
}

export function sidecarPath(name: string): string {
  return `${SIDECAR_FOLDER}/${name}`;
}

/** A path that sorts before every file of that version and after every file of the versions below. */
export function beforeVersion(version: number): string {
  return `${LOG_FOLDER}/${digits(version)}`;
}

function digits(version: number): string {
  return String(version).padStart(20, "0");
}
