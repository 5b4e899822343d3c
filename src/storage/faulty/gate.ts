/** Lets calls through, or holds them all until it is opened again: a stopped process. */
export class Gate {
  #isClosed = false;
  readonly #held: (() => void)[] = [];
  readonly #watching: (() => void)[] = [];

  async pass(): Promise<void> {
    while (this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#held.push(resolve);
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const tell of this.#watching.splice(0)) tell();
  }

  open(): void {
    this.#isClosed = false;
    for (const go of this.#held.splice(0)) go();
  }

  /** Resolves once the gate is closed. */
  async whenClosed(): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#watching.push(resolve);
    });
  }
}
