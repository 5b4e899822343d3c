import type { StructType } from "../../contract/index.ts";
import { stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import type {
  AddFile,
  ChangeFile,
  CommitInfo,
  DeletionVectorDescriptor,
  DomainMetadataAction,
  MetadataAction,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  TxnAction,
} from "../actions.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import { ActionMembers, emptyRecord, isObject, optional } from "./action-members.ts";
import { decodeFilePath, type TableRoot } from "./file-path.ts";

/** One action, and for files the URI it was written with (another engine may compare it as text). */
export type Action =
  | { readonly kind: "protocol"; readonly protocol: ProtocolAction }
  | { readonly kind: "metadata"; readonly metadata: TableMetadata }
  | { readonly kind: "add"; readonly add: AddFile; readonly uri: string }
  | { readonly kind: "remove"; readonly remove: RemoveFile; readonly uri: string }
  | { readonly kind: "change-file"; readonly file: ChangeFile }
  | { readonly kind: "txn"; readonly txn: TxnAction }
  | { readonly kind: "domain"; readonly domain: DomainMetadataAction }
  | { readonly kind: "commitInfo"; readonly commitInfo: CommitInfo }
  /** V2 checkpoints only: a file of adds and removes. */
  | { readonly kind: "sidecar"; readonly uri: string; readonly sizeBytes: number };

/** Where an action stands, for messages, and the table it belongs to, for judging absolute paths. */
export interface ActionPlace {
  readonly where: string;
  readonly root: TableRoot;
}

/** Parses `{"<action>": {…}}`; undefined for actions that readers pass over (unknown ones, checkpointMetadata). */
export function readAction(line: JsonValue, place: ActionPlace): Action | undefined {
  if (!isObject(line)) return new ActionMembers(line, "?", place.where).fail("an object expected");
  for (const name of Object.keys(line)) {
    const read = READERS[name];
    const value = line[name];
    if (read !== undefined && value !== null && value !== undefined) {
      return read(new ActionMembers(value, name, place.where), place);
    }
  }
  return undefined;
}

type ActionReader = (members: ActionMembers, place: ActionPlace) => Action;

const READERS: Readonly<Record<string, ActionReader>> = Object.assign(emptyRecord<ActionReader>(), {
  protocol: (members: ActionMembers) => ({ kind: "protocol", protocol: readProtocol(members) }),
  metaData: (members: ActionMembers, place: ActionPlace) => ({
    kind: "metadata",
    metadata: readMetadata(members, place.where),
  }),
  add: (members: ActionMembers, place: ActionPlace) => {
    const uri = members.string("path");
    return { kind: "add", add: readAdd(members, decodeFilePath(uri, place.root)), uri };
  },
  remove: (members: ActionMembers, place: ActionPlace) => {
    const uri = members.string("path");
    return { kind: "remove", remove: readRemove(members, decodeFilePath(uri, place.root)), uri };
  },
  cdc: (members: ActionMembers, place: ActionPlace) => ({
    kind: "change-file",
    file: {
      path: decodeFilePath(members.string("path"), place.root),
      partitionValues: members.optionalMap("partitionValues") ?? emptyRecord(),
      sizeBytes: members.count("size"),
    },
  }),
  txn: (members: ActionMembers) => ({ kind: "txn", txn: readTxn(members) }),
  domainMetadata: (members: ActionMembers) => ({ kind: "domain", domain: readDomain(members) }),
  commitInfo: (members: ActionMembers) => ({ kind: "commitInfo", commitInfo: members.rest(NONE) ?? {} }),
  sidecar: (members: ActionMembers) => ({
    kind: "sidecar",
    uri: members.string("path"),
    sizeBytes: members.optionalCount("sizeInBytes") ?? 0,
  }),
} satisfies Record<string, ActionReader>);

const NONE: ReadonlySet<string> = new Set();

export function readProtocol(members: ActionMembers): ProtocolAction {
  const readerFeatures = members.optionalStrings("readerFeatures");
  const writerFeatures = members.optionalStrings("writerFeatures");
  return {
    minReaderVersion: members.integer("minReaderVersion"),
    minWriterVersion: members.integer("minWriterVersion"),
    ...(readerFeatures === undefined ? {} : { readerFeatures }),
    ...(writerFeatures === undefined ? {} : { writerFeatures }),
  };
}

export function readMetadata(members: ActionMembers, where: string): TableMetadata {
  const schemaString = members.optionalString("schemaString") ?? "";
  const configuration = emptyRecord<string>();
  for (const [name, value] of Object.entries(members.optionalMap("configuration") ?? {})) {
    if (value !== null) configuration[name] = value;
  }
  const metadata: MetadataAction = {
    id: members.string("id"),
    ...optional("name", members.optionalString("name")),
    ...optional("description", members.optionalString("description")),
    schemaString,
    partitionColumns: members.optionalStrings("partitionColumns") ?? [],
    ...optional("createdTime", members.optionalInteger("createdTime")),
    configuration,
  };
  return withSchema(metadata, where);
}

/** Parsed when it is looked at: a schema that was replaced long ago needs not be one that we can read. */
function withSchema(metadata: MetadataAction, where: string): TableMetadata {
  let schema: StructType | undefined;
  return Object.defineProperty({ ...metadata } as TableMetadata, "schema", {
    enumerable: true,
    get: () => (schema ??= parseSchema(metadata.schemaString, where)),
  });
}

// `stats_parsed` and `partitionValues_parsed` are columns of checkpoints that repeat other members.
const ADD_MEMBERS = namesOf(
  "path partitionValues size modificationTime dataChange stats tags deletionVector stats_parsed partitionValues_parsed",
);

function readAdd(members: ActionMembers, path: string): AddFile {
  const deletionVector = readVector(members);
  return {
    path,
    partitionValues: members.optionalMap("partitionValues") ?? emptyRecord(),
    sizeBytes: members.count("size"),
    modificationTime: members.optionalInteger("modificationTime") ?? 0,
    dataChange: members.optionalBoolean("dataChange") ?? true,
    ...optional("stats", members.optionalString("stats") ?? rebuiltStats(members)),
    ...optional("tags", readTags(members)),
    ...optional("deletionVector", deletionVector),
    ...optional("extra", members.rest(ADD_MEMBERS)),
  };
}

const REMOVE_MEMBERS = namesOf(
  "path deletionTimestamp dataChange extendedFileMetadata partitionValues size deletionVector stats tags " +
    "stats_parsed partitionValues_parsed",
);

function readRemove(members: ActionMembers, path: string): RemoveFile {
  return {
    path,
    ...optional("deletionTimestamp", members.optionalInteger("deletionTimestamp")),
    dataChange: members.optionalBoolean("dataChange") ?? true,
    ...optional("partitionValues", members.optionalMap("partitionValues")),
    ...optional("sizeBytes", members.optionalInteger("size")),
    ...optional("deletionVector", readVector(members)),
    ...optional("extra", members.rest(REMOVE_MEMBERS)),
  };
}

function readVector(file: ActionMembers): DeletionVectorDescriptor | undefined {
  const members = file.nested("deletionVector");
  if (members === undefined) return undefined;
  const storageType = members.string("storageType");
  if (storageType !== "u" && storageType !== "i" && storageType !== "p") {
    return members.fail(`storageType ${JSON.stringify(storageType)} is unknown`);
  }
  return {
    storageType,
    pathOrInlineDv: members.string("pathOrInlineDv"),
    ...optional("offset", members.optionalCount("offset")),
    sizeInBytes: members.count("sizeInBytes"),
    cardinality: members.count("cardinality"),
  };
}

export function readTxn(members: ActionMembers): TxnAction {
  return {
    appId: members.string("appId"),
    version: members.integer("version"),
    ...optional("lastUpdated", members.optionalInteger("lastUpdated")),
  };
}

export function readDomain(members: ActionMembers): DomainMetadataAction {
  return {
    domain: members.string("domain"),
    configuration: members.optionalString("configuration") ?? "",
    removed: members.optionalBoolean("removed") ?? false,
  };
}

function readTags(members: ActionMembers): Record<string, string> | undefined {
  const map = members.optionalMap("tags");
  if (map === undefined) return undefined;
  const tags = emptyRecord<string>();
  for (const [name, value] of Object.entries(map)) if (value !== null) tags[name] = value;
  return tags;
}

/** Statistics as text where a checkpoint has them only as columns (`delta.checkpoint.writeStatsAsJson=false`). */
function rebuiltStats(members: ActionMembers): string | undefined {
  const parsed = members.optionalObject("stats_parsed");
  return parsed === undefined ? undefined : stringifyJson(withoutNulls(parsed));
}

function withoutNulls(object: JsonObject): JsonObject {
  const kept = emptyRecord<JsonValue>();
  for (const [name, value] of Object.entries(object)) {
    if (value !== null) kept[name] = isObject(value) ? withoutNulls(value) : value;
  }
  return kept;
}

function namesOf(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
