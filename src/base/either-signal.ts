/** A signal that fires with the first of two, until it is disposed of. */
export interface EitherSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * As `AbortSignal.any`, but it leaves nothing behind in a signal that outlives it: Node's own keeps some bytes of each, which a process
 * that stays for weeks would see.
 */
export function eitherSignal(lasting: AbortSignal | undefined, passing: AbortSignal): EitherSignal {
  const either = new AbortController();
  const links = [lasting, passing].flatMap((signal) => {
    if (signal === undefined) return [];
    const abort = (): void => either.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return [{ signal, abort }];
  });
  return {
    signal: either.signal,
    [Symbol.dispose]: () => {
      for (const { signal, abort } of links) signal.removeEventListener("abort", abort);
    },
  };
}
