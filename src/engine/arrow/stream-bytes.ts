import { unreadable } from "./arrow-field.ts";

/** Bytes of an Arrow IPC stream, at once or in pieces of any size. */
export type ArrowBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Reads so many bytes at a time, whatever the pieces are that they come in. */
export class StreamBytes implements AsyncDisposable {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(bytes: ArrowBytes) {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  /** A copy in a buffer of its own, so that numbers in it are aligned; undefined where the stream is at its end. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      if (this.#rest.length === 0 && !(await this.#next())) {
        if (at === 0) return undefined;
        throw unreadable("it breaks off");
      }
      const part = this.#rest.subarray(0, count - at);
      bytes.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  /** Tells whoever gives the bytes that no more are wanted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done === true) return false;
    if (!(value instanceof Uint8Array)) throw unreadable("a piece of it is no Uint8Array");
    this.#rest = value;
    return true;
  }
}
