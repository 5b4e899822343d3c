/** Yields the results of `read` in the order of the items, with a bounded number of calls under way. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  read: (item: Item) => Promise<Result>,
  width: number,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  const iterator = items[Symbol.iterator]();
  try {
    for (;;) {
      while (underWay.length < width) {
        const next = iterator.next();
        if (next.done === true) break;
        const begun = read(next.value);
        // It may fail while an earlier one is still waited for: nobody looks at it before its turn.
        begun.catch(() => undefined);
        underWay.push(begun);
      }
      const oldest = underWay.shift();
      if (oldest === undefined) return;
      yield await oldest;
    }
  } finally {
    // The reader has stopped early: what is still under way must not end as an unhandled failure.
    await Promise.allSettled(underWay);
  }
}
