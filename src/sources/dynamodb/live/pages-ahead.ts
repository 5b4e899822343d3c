import type { PrivateFolder } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import type { PagesRead } from "./read-pages.ts";
import { encodeScan, isWhole, type ScanState } from "./scan-state.ts";

/** Reads pages behind a place into the context's folder. */
export type ReadBehind = (start: ScanState, context: StageContext) => Promise<PagesRead>;

interface Ahead {
  readonly start: string;
  readonly folder: PrivateFolder;
  readonly reading: Promise<PagesRead>;
  readonly over: AbortController;
  /** Who waits for it hears of what is read. */
  readonly listen: (onProgress: StageContext["onProgress"]) => void;
}

/**
 * Reads the pages of a scan one batch ahead. While the items of a batch are staged, what the scan may use of the table would else be left
 * unused. What is ahead lies in a folder of its own, and is thrown away where the scan goes on elsewhere.
 */
export class PagesAhead {
  readonly #read: ReadBehind;
  #ahead: Ahead | undefined;

  constructor(read: ReadBehind) {
    this.#read = read;
  }

  /** Gives the pages behind `start`, and the folder that they are in, to `use`; what is behind them is read meanwhile. */
  async with<T>(
    start: ScanState,
    context: StageContext,
    use: (pages: PagesRead, folder: string) => Promise<T>,
  ): Promise<T> {
    await using pages = await this.#pages(start, context);
    if (context.openFolder !== undefined && !isWhole(pages.read.state))
      this.#ahead = this.#begin(pages.read.state, context, await context.openFolder());
    return await use(pages.read, pages.folder);
  }

  /** Ends what is read ahead, and throws it away. */
  async close(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    ahead?.over.abort();
    await ahead?.reading.catch(() => undefined);
    await ahead?.folder[Symbol.asyncDispose]();
  }

  async #pages(
    start: ScanState,
    context: StageContext,
  ): Promise<AsyncDisposable & { readonly read: PagesRead; readonly folder: string }> {
    if (this.#ahead?.start !== encodeScan(start)) {
      await this.close();
      const read = await this.#read(start, context);
      return { read, folder: context.folder, [Symbol.asyncDispose]: async () => await Promise.resolve() };
    }
    const ahead = this.#ahead;
    const end = (): void => ahead.over.abort(context.signal?.reason);
    context.signal?.addEventListener("abort", end, { once: true });
    if (context.signal?.aborted === true) end();
    ahead.listen(context.onProgress);
    try {
      const read = await ahead.reading;
      this.#ahead = undefined;
      const { folder } = ahead;
      return { read, folder: folder.path, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      context.signal?.removeEventListener("abort", end);
    }
  }

  #begin(start: ScanState, { world }: Pick<StageContext, "world">, folder: PrivateFolder): Ahead {
    const over = new AbortController();
    let hear: StageContext["onProgress"];
    const onProgress: StageContext["onProgress"] = (read) => hear?.(read);
    const reading = this.#read(start, { world, folder: folder.path, signal: over.signal, onProgress });
    // It is told to whoever asks for the pages; until then nobody listens.
    reading.catch(() => undefined);
    const listen = (listener: StageContext["onProgress"]): void => {
      hear = listener;
    };
    return { start: encodeScan(start), folder, reading, over, listen };
  }
}
