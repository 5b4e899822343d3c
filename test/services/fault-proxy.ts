import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What the proxy does with a request. */
export type ProxyFault =
  /** The store never hears of it. */
  | { readonly kind: "lose-request" }
  /** The store does it, nobody hears of it. */
  | { readonly kind: "lose-answer" }
  /** The store does it, and the answer never comes. */
  | { readonly kind: "hang" }
  /** The store gets it twice; the second answer is passed on. */
  | { readonly kind: "repeat" }
  /** The answer comes byte by byte, one every so many milliseconds, until nobody listens any more. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** The answer ends in the middle of its body. */
  | { readonly kind: "cut" }
  /** Another answer; with `afterEffect` the store has done it. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly code: string;
      readonly afterEffect?: boolean;
      /** The connection breaks in the middle of its body. */
      readonly isCut?: boolean;
    };

export interface ProxiedRequest {
  readonly method: string;
  /** The whole of it, with its query. */
  readonly url: string;
  /** What it asks for: `PUT`, `PUT ?uploadId`, `GET ?list-type`; of DynamoDB the operation, `PutItem`. */
  readonly kind: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Every request since the last `reset`, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** Of the bodies of its answers since then. */
  readonly bytes: number;
  reset(): void;
  /** Decides about each request, `nth` counting from 1 those of its kind since it was set. */
  onRequest: (request: ProxiedRequest, nth: number) => ProxyFault | undefined;
  /** Hears each answer of the store before it is passed on. */
  onAnswer: (request: ProxiedRequest, body: Buffer) => void;
}

/** Stands between a client and a store on this machine, and loses what it is told to lose. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = [];
  let bytes = 0;
  const state: { decide: FaultProxy["onRequest"]; hear: FaultProxy["onAnswer"] } = {
    decide: () => undefined,
    hear: () => undefined,
  };
  const seen = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
    const described = describeRequest(incoming);
    requests.push(described);
    const nth = (seen.get(described.kind) ?? 0) + 1;
    seen.set(described.kind, nth);
    const fault = state.decide(described, nth);
    if (fault?.kind === "lose-request") return void incoming.socket.destroy();
    if (fault?.kind === "answer" && fault.afterEffect !== true) return refuse(outgoing, fault, described);
    if (fault?.kind === "repeat") await forward(targetPort, incoming, body);
    const answer = await forward(targetPort, incoming, body);
    bytes += answer.body.length;
    state.hear(described, answer.body);
    if (fault?.kind === "lose-answer") return void incoming.socket.destroy();
    if (fault?.kind === "hang") return undefined;
    if (fault?.kind === "answer") return refuse(outgoing, fault, described);
    outgoing.writeHead(answer.status, answer.headers);
    if (fault?.kind === "drip") return await drip(outgoing, answer.body, fault.everyMs);
    if (fault?.kind !== "cut") return void outgoing.end(answer.body);
    outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)));
    setImmediate(() => incoming.socket.destroy());
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get bytes() {
      return bytes;
    },
    reset: () => {
      requests.length = 0;
      bytes = 0;
    },
    get onRequest() {
      return state.decide;
    },
    set onRequest(decide) {
      seen.clear();
      state.decide = decide;
    },
    get onAnswer() {
      return state.hear;
    },
    set onAnswer(hear) {
      state.hear = hear;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function describeRequest({ method = "", url = "", rawHeaders }: IncomingMessage): ProxiedRequest {
  const headers = headersOf(rawHeaders);
  const operation = headers["x-amz-target"]?.split(".")[1];
  if (operation !== undefined) return { method, url, kind: operation, headers };
  const query = [...new URL(url, "http://proxy").searchParams.keys()].filter((name) => name !== "x-id");
  const asked = ["list-type", "uploads", "uploadId", "delete"].find((name) => query.includes(name));
  const kind = asked === undefined ? method : `${method} ?${asked}`;
  return { method, url, kind, headers };
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** As it came, the name of the host included: it is part of the signature. */
async function forward(port: number, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { method, url, rawHeaders } = incoming;
  const sent = request({ host: "127.0.0.1", port, method, path: url, headers: headersOf(rawHeaders), agent: false });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const received = Buffer.concat((await answer.toArray()) as Buffer[]);
  const { "transfer-encoding": _, connection: __, ...headers } = answer.headers;
  return { status: answer.statusCode ?? 0, headers, body: received };
}

async function drip(outgoing: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (const byte of body) {
    if (outgoing.destroyed) return;
    outgoing.write(Buffer.of(byte));
    await delay(everyMs);
  }
  outgoing.end();
}

function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (name !== "connection" && name !== "expect") headers[name] = raw[at + 1] ?? "";
  }
  return headers;
}

function refuse(
  outgoing: ServerResponse,
  { status, code, isCut = false }: Extract<ProxyFault, { readonly kind: "answer" }>,
  { headers }: ProxiedRequest,
): void {
  if (headers["x-amz-target"] !== undefined) {
    const json = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: "injected" });
    outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0", "content-length": String(json.length) });
    return void outgoing.end(json);
  }
  const text =
    status === 200
      ? ""
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  outgoing.writeHead(status, { "content-type": "application/xml", "content-length": String(text.length) });
  if (!isCut) return void outgoing.end(text);
  outgoing.write(text.slice(0, Math.floor(text.length / 2)));
  setImmediate(() => outgoing.destroy());
}
