import { ScanWorker } from "./scan-worker-host.ts";

/**
 * Threads that outlive a batch, since a new one has yet to get warm: it takes a third of a second of computing until its
 * code is as fast as it gets. Idle ones do not keep the process alive.
 */
export class ScanThreads {
  readonly #idle: ScanWorker[] = [];

  /** So many threads for the borrower alone, who gives them back or closes them. */
  lend(count: number): readonly ScanWorker[] {
    const lent = this.#idle.splice(0, count).filter((thread) => thread.isAlive);
    while (lent.length < count) lent.push(new ScanWorker());
    return lent;
  }

  giveBack(threads: readonly ScanWorker[]): void {
    this.#idle.push(...threads);
  }

  /** Ends the idle ones. */
  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(async (thread) => await thread.close()));
  }
}
