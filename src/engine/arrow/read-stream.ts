import { isFailure } from "../../base/index.ts";
import { unreadable, type ArrowField } from "./arrow-field.ts";
import { readColumns, type ColumnBuffers } from "./column-buffers.ts";
import { FlatTableView } from "./flat-table.ts";
import { fieldsOfSchema } from "./schema-message.ts";
import { StreamBytes, type ArrowBytes } from "./stream-bytes.ts";
import { CONTINUATION, HEADER } from "./write-messages.ts";

export interface ArrowBatch {
  readonly rows: number;
  /** One for each field of the schema. */
  readonly columns: readonly ColumnBuffers[];
}

/** The first word of Arrow's file format ("ARROW1", padded), in which a stream follows. */
const FILE_WORD = 0x4f_52_52_41;
/** More than any schema has; a length beyond it is no length. */
const METADATA_BYTES_MAX = 256 * 2 ** 20;
const BODY_BYTES_MAX = 2 ** 32;

/**
 * An Arrow IPC stream (or file), read message by message: no more than one record batch and the dictionaries are held. Bytes of another form
 * fail with `table.schema-mismatch`.
 */
export class ArrowReader implements AsyncDisposable {
  readonly fields: readonly ArrowField[];
  readonly #bytes: StreamBytes;
  readonly #dictionaries = new Map<number, ColumnBuffers>();

  private constructor(bytes: StreamBytes, fields: readonly ArrowField[]) {
    this.#bytes = bytes;
    this.fields = fields;
  }

  static async open(stream: ArrowBytes): Promise<ArrowReader> {
    const bytes = new StreamBytes(stream);
    try {
      const first = await nextMessage(bytes, true);
      if (first?.header !== HEADER.schema) throw unreadable("it does not begin with a schema");
      const fields = reading(() => fieldsOfSchema(first.table));
      checkNames(fields);
      return new ArrowReader(bytes, fields);
    } catch (error) {
      await bytes[Symbol.asyncDispose]();
      throw error;
    }
  }

  async *batches(): AsyncGenerator<ArrowBatch> {
    for (;;) {
      const message = await nextMessage(this.#bytes, false);
      if (message === undefined) return;
      const { header, table, body } = message;
      if (header === HEADER.dictionary) reading(() => this.#keep(table, body));
      else if (header === HEADER.batch) yield reading(() => this.#batch(table, body, this.fields));
      else throw unreadable(`a message of kind ${header} stands among its batches`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes[Symbol.asyncDispose]();
  }

  #keep(table: FlatTableView, body: Uint8Array<ArrayBuffer>): void {
    const id = table.long(0);
    const values = fieldOfDictionary(this.fields, id);
    const batch = table.table(1);
    if (values === undefined || batch === undefined) throw unreadable(`no column has its dictionary ${id}`);
    if (table.byte(2) !== 0) throw unreadable(`dictionary ${id} comes in parts`);
    const { dictionary: _, ...plain } = values;
    const [column] = this.#batch(batch, body, [plain]).columns;
    if (column !== undefined) this.#dictionaries.set(id, column);
  }

  #batch(table: FlatTableView, body: Uint8Array<ArrayBuffer>, fields: readonly ArrowField[]): ArrowBatch {
    if (table.table(3) !== undefined) throw unreadable("its batches are compressed");
    const rows = table.long(0);
    const parts = { nodes: table.pairs(1), buffers: table.pairs(2), body, dictionaries: this.#dictionaries };
    const columns = readColumns(fields, parts);
    if (columns.some(({ length }) => length !== rows)) throw unreadable("the columns of a batch differ in length");
    return { rows, columns };
  }
}

/** Every column and every member of a struct needs a name of its own; the engine tells names apart without regard to their case. */
function checkNames(fields: readonly ArrowField[]): void {
  if (fields.length === 0) throw unreadable("it has no column, or a struct without members");
  const names = new Set<string>();
  for (const { name, type, children } of fields) {
    const key = name.toLowerCase();
    if (name === "" || name.includes("\0")) throw unreadable("a column has no name");
    if (names.has(key)) throw unreadable(`it has column ${name} twice`);
    names.add(key);
    if (type.kind === "struct") checkNames(children);
    else for (const child of children) checkInner(child);
  }
}

/** What a list or a map holds goes by no name. */
function checkInner({ type, children }: ArrowField): void {
  if (type.kind === "struct") checkNames(children);
  else for (const child of children) checkInner(child);
}

interface Message {
  readonly header: number;
  readonly table: FlatTableView;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** undefined at the end of the stream. */
async function nextMessage(bytes: StreamBytes, isFirst: boolean): Promise<Message | undefined> {
  const metadataBytes = await lengthOfMessage(bytes, isFirst);
  if (metadataBytes === 0) return undefined;
  if (metadataBytes < 0 || metadataBytes > METADATA_BYTES_MAX) throw unreadable("its bytes are of another form");
  const metadata = await bytes.take(metadataBytes);
  if (metadata === undefined) throw unreadable("it breaks off");
  const { header, table, bodyBytes } = reading(() => {
    const message = FlatTableView.root(metadata);
    return { header: message.byte(1), table: message.table(2), bodyBytes: message.long(3) };
  });
  if (table === undefined || bodyBytes < 0 || bodyBytes > BODY_BYTES_MAX) throw unreadable("a message has no content");
  const body = await bytes.take(bodyBytes);
  if (body === undefined) throw unreadable("it breaks off");
  return { header, table, body };
}

async function lengthOfMessage(bytes: StreamBytes, isFirst: boolean): Promise<number> {
  const word = await wordOf(bytes);
  if (word === undefined) return 0;
  if (isFirst && word === FILE_WORD) {
    // The rest of the magic word and its padding.
    await wordOf(bytes);
    return await lengthOfMessage(bytes, false);
  }
  if (word !== CONTINUATION) return word;
  const length = await wordOf(bytes);
  if (length === undefined) throw unreadable("it breaks off");
  return length;
}

async function wordOf(bytes: StreamBytes): Promise<number | undefined> {
  const word = await bytes.take(4);
  return word === undefined ? undefined : new DataView(word.buffer).getUint32(0, true);
}

function fieldOfDictionary(fields: readonly ArrowField[], id: number): ArrowField | undefined {
  for (const field of fields) {
    if (field.dictionary?.id === id) return field;
    const inner = fieldOfDictionary(field.children, id);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Bytes of others may say anything: a place that is not there is said as what it is. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isFailure(error)) throw error;
    throw unreadable("its bytes are damaged", error);
  }
}
