import { SluiceError, messageOf, parseJson, type JsonValue } from "../../base/index.ts";
import type {
  AddFile,
  ChangeFile,
  CommitInfo,
  DomainMetadataAction,
  ProtocolAction,
  RemoveFile,
  TableMetadata,
  TxnAction,
} from "../actions.ts";
import type { CommitChanges } from "../snapshot.ts";
import { parseExact } from "./exact-json.ts";
import { encodeFilePath, type TableRoot } from "./file-path.ts";
import { readAction, type Action } from "./read-action.ts";
import { fileKey, vectorId } from "./vector-id.ts";

/** A commit file, parsed, with what only the log itself needs. */
export interface LoggedCommit extends CommitChanges {
  readonly sizeBytes: number;
  /** URIs that differ from what we would write for the path, by path. */
  readonly uris: ReadonlyMap<string, string>;
}

/**
 * Parses a commit file (Delta PROTOCOL, "Delta Log Entries": one action a line, in any order). A file that is empty, cut off or
 * not JSON, or that holds what one commit must not hold twice, fails with `table.corrupt` naming file and line.
 */
export function readCommit(version: number, body: Uint8Array, place: CommitPlace): LoggedCommit {
  return readParts(version, body, { place, parts: new CommitParts(place.where, (remove) => remove.path) });
}

/**
 * Parses a log compaction (Delta PROTOCOL, "Log Compaction Files"): what its commits come to, in the form of one commit. A file that got
 * another deletion vector more than once in them is removed as often, each time with the one that it had.
 */
export function readCompaction(
  { from, to }: { readonly from: number; readonly to: number },
  body: Uint8Array,
  place: CommitPlace,
): LoggedCommit {
  const parts = new CommitParts(place.where, fileKey);
  const compacted = readParts(to, body, { place, parts });
  const isBeginning = compacted.protocol !== undefined && compacted.metadata !== undefined;
  if (from === 0 && !isBeginning) parts.fail("a table begins without a protocol or a metaData action");
  return compacted;
}

function readParts(
  version: number,
  body: Uint8Array,
  { place, parts }: { place: CommitPlace; parts: CommitParts },
): LoggedCommit {
  const text = decodeText(body, place.where);
  let lineNumber = 0;
  for (const line of text.split("\n")) {
    lineNumber += 1;
    if (line.trim() === "") continue;
    const where = `${place.where}, line ${lineNumber}`;
    const action = readAction(parseLine(line, where), { where, root: place.root });
    if (action !== undefined) parts.take(action);
  }
  if (text.trim() === "") parts.fail("the file is empty");
  return parts.commit(version, body.length);
}

export interface CommitPlace {
  readonly where: string;
  readonly root: TableRoot;
}

class CommitParts {
  readonly #where: string;
  /** What only one remove action may have. */
  readonly #removeKey: (remove: RemoveFile) => string;
  readonly #adds = new Map<string, AddFile>();
  readonly #removes = new Map<string, RemoveFile>();
  readonly #changeFiles: ChangeFile[] = [];
  readonly #txns = new Map<string, TxnAction>();
  readonly #domains = new Map<string, DomainMetadataAction>();
  readonly #uris = new Map<string, string>();
  #metadata: TableMetadata | undefined;
  #protocol: ProtocolAction | undefined;
  #commitInfo: CommitInfo | undefined;

  constructor(where: string, removeKey: (remove: RemoveFile) => string) {
    this.#where = where;
    this.#removeKey = removeKey;
  }

  take(action: Action): void {
    switch (action.kind) {
      case "protocol":
        if (this.#protocol !== undefined) this.fail("two protocol actions");
        this.#protocol = action.protocol;
        break;
      case "metadata":
        if (this.#metadata !== undefined) this.fail("two metaData actions");
        this.#metadata = action.metadata;
        break;
      case "add":
        this.#once(this.#adds, action.add.path, action.add, "two add actions of");
        this.#keepUri(action.add.path, action.uri);
        break;
      case "remove":
        this.#once(this.#removes, this.#removeKey(action.remove), action.remove, "two remove actions of");
        this.#keepUri(action.remove.path, action.uri);
        break;
      case "change-file":
        this.#changeFiles.push(action.file);
        break;
      case "txn":
        this.#once(this.#txns, action.txn.appId, action.txn, "two txn actions of");
        break;
      case "domain":
        this.#once(this.#domains, action.domain.domain, action.domain, "two domainMetadata actions of");
        break;
      case "commitInfo":
        this.#commitInfo ??= action.commitInfo;
        break;
      case "sidecar":
        this.fail("a sidecar action outside of a checkpoint");
    }
  }

  commit(version: number, sizeBytes: number): LoggedCommit {
    for (const remove of this.#removes.values()) {
      const add = this.#adds.get(remove.path);
      if (add !== undefined && vectorId(add.deletionVector) === vectorId(remove.deletionVector)) {
        this.fail(`${remove.path} is added and removed with the same deletion vector`);
      }
    }
    return {
      version,
      adds: [...this.#adds.values()],
      removes: [...this.#removes.values()],
      changeFiles: this.#changeFiles,
      txns: [...this.#txns.values()],
      domains: [...this.#domains.values()],
      uris: this.#uris,
      sizeBytes,
      ...(this.#metadata === undefined ? {} : { metadata: this.#metadata }),
      ...(this.#protocol === undefined ? {} : { protocol: this.#protocol }),
      ...(this.#commitInfo === undefined ? {} : { commitInfo: this.#commitInfo }),
    };
  }

  fail(why: string): never {
    throw new SluiceError("table.corrupt", `Cannot read ${this.#where}: ${why}`);
  }

  #once<T>(map: Map<string, T>, key: string, value: T, complaint: string): void {
    if (map.has(key)) this.fail(`${complaint} ${key}`);
    map.set(key, value);
  }

  #keepUri(path: string, uri: string): void {
    if (uri !== encodeFilePath(path)) this.#uris.set(path, uri);
  }
}

export function parseLine(line: string, where: string): JsonValue {
  try {
    return isFileAction(line) ? parseExact(line) : parseJson(line);
  } catch (error) {
    throw new SluiceError("table.corrupt", `Cannot read ${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** Nearly every line of a log is an add or a remove. */
function isFileAction(line: string): boolean {
  return line.startsWith('{"add":{') || line.startsWith('{"remove":{');
}

export function decodeText(body: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    throw new SluiceError("table.corrupt", `Cannot read ${where}: it is not UTF-8`, { cause: error });
  }
}
