interface WithMiddleware {
  readonly middlewareStack: { add(middleware: unknown, options: unknown): void };
}

interface HttpAnswer {
  readonly response: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

/**
 * When the server answered a command, by its own clock: the beginning of that second, in ms since the epoch; nothing where it does not say.
 * `onAnswer` is called as soon as the answer is there.
 */
export function dateOfAnswer(
  command: object,
  onAnswer: (atMs: number) => void = () => undefined,
): () => { readonly atMs?: number } {
  let atMs: number | undefined;
  const middleware =
    (next: (given: unknown) => Promise<HttpAnswer>) =>
    async (given: unknown): Promise<HttpAnswer> => {
      const result = await next(given);
      const date = Date.parse(result.response.headers?.["date"] ?? "");
      if (!Number.isFinite(date)) return result;
      atMs = date;
      onAnswer(date);
      return result;
    };
  (command as WithMiddleware).middlewareStack.add(middleware, {
    step: "deserialize",
    priority: "low",
    name: "dateOfAnswer",
  });
  return () => (atMs === undefined ? {} : { atMs });
}
