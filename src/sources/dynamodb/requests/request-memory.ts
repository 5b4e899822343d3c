import { SluiceError } from "../../../base/index.ts";
import type { ExportOrder } from "./export-client.ts";

/** The request channel's memory: a shortcut to what DynamoDB's own list of exports says, which may be lost. */
export interface Requests {
  readonly format: 1;
  /** Exports under way, with the moment that they reach. */
  readonly asked: readonly { readonly arn: string; readonly endMs: number }[];
  /** Why the last request was refused, for people. */
  readonly refused?: string;
  /** What a batch asks for, of which table. */
  readonly orders?: readonly ExportOrder[];
  readonly tableArn?: string;
}

export function encodeRequests(requests: Requests): string {
  return JSON.stringify(requests);
}

export function decodeRequests(text: string | undefined): Requests {
  if (text === undefined || text === "{}") return { format: 1, asked: [] };
  const requests = JSON.parse(text) as Requests;
  if ((requests.format as number) === 1) return requests;
  throw new SluiceError("source.invalid", "Cannot go on asking for exports: a newer version of Sluice asked before", {
    facts: { format: requests.format },
    advice: "Use the newer version.",
  });
}
