import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

const FLUSH_BYTES = 1_048_576;

/** What was spooled: a file of lines. */
export interface Spooled {
  readonly path: string;
  readonly lines: number;
  readonly sizeBytes: number;
}

/** Lines on their way from the network to the scanner, in a private file: memory stays free, however much a batch takes in. */
export class Spool {
  readonly #file: FileHandle;
  readonly #name: string;
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
  #used = 0;
  #taken = 0;
  #writing: Promise<void> = Promise.resolve();
  #lines = 0;

  private constructor(file: FileHandle, name: string) {
    this.#file = file;
    this.#name = name;
  }

  static async create(folder: string, name: string): Promise<Spool> {
    return new Spool(await open(join(folder, name), "wx", 0o600), name);
  }

  get sizeBytes(): number {
    return this.#taken + this.#used;
  }

  get lines(): number {
    return this.#lines;
  }

  /** One line out of parts; the newline is added. Await `flush` now and then. */
  line(parts: readonly Uint8Array[]): void {
    const size = parts.reduce((sum, part) => sum + part.length, 1);
    if (this.#used + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#used + size));
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    }
    for (const part of parts) {
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
    }
    this.#buffer[this.#used] = 0x0a;
    this.#used += 1;
    this.#lines += 1;
  }

  /** Writes what has come together, unless it is little; several callers may wait at once. */
  async flush(): Promise<void> {
    if (this.#used >= FLUSH_BYTES) await this.#write();
  }

  async finish(): Promise<Spooled> {
    await this.#write();
    await this.#file.close();
    return { path: this.#name, lines: this.#lines, sizeBytes: this.#taken };
  }

  async abandon(): Promise<void> {
    await this.#file.close();
  }

  /** Takes what is there at once, so that lines added meanwhile come behind it. */
  async #write(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
    this.#used = 0;
    this.#taken += bytes.length;
    const before = this.#writing;
    this.#writing = (async () => {
      await before;
      await this.#file.appendFile(bytes);
    })();
    await this.#writing;
  }
}
