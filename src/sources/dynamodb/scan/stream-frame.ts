import { CLOSE_BRACE, Pattern, stringEnd, valueEnd } from "./json-bytes.ts";
import { EVENT_COLUMNS } from "./staged-columns.ts";
import { BytesColumn } from "../../staged/index.ts";

type Span = readonly [start: number, end: number];

const NOWHERE: Span = [-1, -1];
const NOTHING: readonly string[] = [];
const HEAD = new Pattern('"Stream":{"op":"');
const SEQUENCE = new Pattern('","sequence":"');
const EVENT = new Pattern('","event":"');
const META = new Pattern('","meta":{');

/**
 * What a line of a stream says of its record's place: `"Stream":{"op":"I","sequence":"…","event":"…","meta":{…}}`, the texts of `_op`,
 * `_sequence` and of `_event_id` without the key, and members of `_source_meta`. We wrote it ourselves: the texts need no escapes.
 */
export class StreamFrame {
  readonly event = new BytesColumn(EVENT_COLUMNS.event);
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #operationAt = -1;
  #sequence: Span = NOWHERE;
  #event: Span = NOWHERE;
  #meta: Span = NOWHERE;

  use(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  reset(): void {
    this.#operationAt = -1;
  }

  get isMissing(): boolean {
    return this.#operationAt < 0;
  }

  get operation(): number {
    return this.#bytes[this.#operationAt] as number;
  }

  /** Reads the frame that starts at `start`; gives the position behind it, or -1 when there is none, or one already. */
  read(start: number): number {
    if (!this.isMissing || !HEAD.isAt(this.#view, start)) return -1;
    const operationAt = start + HEAD.length;
    this.#sequence = this.#text(operationAt + 1, SEQUENCE);
    this.#event = this.#text(this.#sequence[1], EVENT);
    const at = this.#event[1];
    if (at < 0 || !META.isAt(this.#view, at)) return -1;
    const end = valueEnd(this.#bytes, at + META.length - 1);
    if (end < 0 || this.#bytes[end] !== CLOSE_BRACE) return -1;
    this.#meta = [at + META.length, end - 1];
    this.#operationAt = operationAt;
    return end + 1;
  }

  writeSequence(column: BytesColumn): void {
    column.append(this.#bytes, ...this.#sequence);
  }

  /** JSON members of `_source_meta`. */
  members(): readonly string[] {
    const [start, end] = this.#meta;
    return end > start ? [Buffer.from(this.#bytes.subarray(start, end)).toString("utf8")] : NOTHING;
  }

  commit(row: number): void {
    this.event.open();
    this.event.openValue();
    this.event.append(this.#bytes, ...this.#event);
    this.event.closeValue();
    this.event.commit(row);
  }

  /** The text behind `label`, which stands at `at`; where it is not, nowhere. */
  #text(at: number, label: Pattern): Span {
    if (at < 0 || !label.isAt(this.#view, at)) return NOWHERE;
    const start = at + label.length;
    const end = stringEnd(this.#bytes, start);
    return end < 0 ? NOWHERE : [start, end];
  }
}
