/** Work on one path at a time, in the order of the calls: for a store in which looking and writing are two requests. */
export async function writeAlone<T>(
  turns: Map<string, Promise<unknown>>,
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  const before = turns.get(path) ?? Promise.resolve();
  const mine = before.then(work, work);
  turns.set(path, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(path) === mine) turns.delete(path);
  }
}
