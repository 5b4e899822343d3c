import { must } from "../../../base/index.ts";
import { checkAnswer, takeItems } from "./raw-answer.ts";
import type { JsonItems } from "./table-client.ts";

interface WithMiddleware {
  readonly middlewareStack: { add(middleware: unknown, options: unknown): void };
}

/** Keeps the items of a command's answer as bytes, and leaves the rest of it to the SDK. `names` lead to the member that holds them. */
export function keepItems(command: object, ...names: readonly string[]): () => JsonItems {
  let kept: JsonItems | undefined;
  const middleware =
    (next: (given: unknown) => Promise<{ response: HttpAnswer }>) =>
    async (given: unknown): Promise<{ response: HttpAnswer }> => {
      const result = await next(given);
      const { response } = result;
      if (response.statusCode !== 200) return result;
      const bytes = await wholeBody(response.body);
      checkAnswer(bytes, response.headers["x-amz-crc32"]);
      const { items, rest } = takeItems(bytes, names);
      kept = items;
      response.body = rest;
      return result;
    };
  (command as WithMiddleware).middlewareStack.add(middleware, {
    step: "deserialize",
    priority: "low",
    name: "keepItems",
  });
  return () => must(kept, "an answer was received");
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body: unknown;
}

async function wholeBody(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
