import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A judge's process, asked one JSON line at a time. Answers come in the order of the requests. */
export interface JudgeProcess extends AsyncDisposable {
  readonly engine: Engine;
  /** Fails when the judge answers with an error, takes too long (it is then stopped for good) or has ended. */
  ask(operation: string, fields: object): Promise<unknown>;
  /** Lets the judge finish and waits until it is gone; closing twice is fine. */
  close(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  readonly version: string;
}

export interface JudgeCommand {
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly startTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export async function startJudgeProcess(command: JudgeCommand): Promise<JudgeProcess> {
  const child = spawn(command.program, [...command.programArguments], {
    // Compiled Python files would end up among the sources.
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const conversation = new Conversation(child, command.requestTimeoutMs);
  const ready = await conversation.expect(READY, "start", command.startTimeoutMs);
  const { engine } = ready as { engine: Engine };
  return {
    engine,
    ask: (operation, fields) => conversation.ask(operation, fields),
    close: () => conversation.close(),
    [Symbol.asyncDispose]: () => conversation.close(),
  };
}

const READY = 0; // The number under which the first line, sent unasked, is expected.
const LOG_CHARACTERS_MAX = 4_000; // Enough of stderr to see why a judge died.
const CLOSE_TIMEOUT_MS = 10_000; // Spark stops within a second; what takes longer hangs.

interface Expectation {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #requestTimeoutMs: number;
  readonly #expected = new Map<number, Expectation>();
  readonly #stopWithTest = (): void => void this.#child.kill("SIGTERM");
  #lastRequest = READY;
  #log = "";
  #ended: Error | undefined;

  constructor(child: ChildProcessWithoutNullStreams, requestTimeoutMs: number) {
    this.#child = child;
    this.#requestTimeoutMs = requestTimeoutMs;
    process.once("exit", this.#stopWithTest);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS_MAX);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#receive(line));
    // A judge that died breaks the pipe; that it died is told by "close".
    child.stdin.on("error", () => {});
    child.once("error", (failure) => this.#end(failure.message));
    child.once("close", (code, signal) => this.#end(`code=${code} signal=${signal}`));
  }

  ask(operation: string, fields: object): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastRequest += 1;
    const id = this.#lastRequest;
    const answer = this.expect(id, operation, this.#requestTimeoutMs);
    this.#child.stdin.write(`${JSON.stringify({ ...fields, id, op: operation }, bigintAsText)}\n`);
    return answer;
  }

  expect(id: number, operation: string, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // It may answer later what nobody waits for any more, so it cannot be asked again.
        this.#end(`no answer: operation=${operation} timeoutMs=${timeoutMs}`);
        this.#stop();
      }, timeoutMs);
      this.#expected.set(id, { resolve, reject, timer });
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "close");
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as { id?: number; ok?: boolean; ready?: boolean; error?: string };
    const id = message.ready ? READY : (message.id ?? -1);
    const expectation = this.#expected.get(id);
    if (!expectation) return;
    this.#expected.delete(id);
    clearTimeout(expectation.timer);
    if (message.ready || message.ok) expectation.resolve(message);
    else expectation.reject(new Error(message.error));
  }

  #end(reason: string): void {
    process.off("exit", this.#stopWithTest);
    this.#ended ??= new Error(`The judge has ended: ${reason}\n${this.#log}`);
    for (const { reject, timer } of this.#expected.values()) {
      clearTimeout(timer);
      reject(this.#ended);
    }
    this.#expected.clear();
  }

  #stop(): void {
    this.#child.kill("SIGTERM");
    setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_TIMEOUT_MS).unref();
  }
}

/** Whole numbers beyond 2^53 travel as text, which the judges take for a number where the schema says so. */
function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
