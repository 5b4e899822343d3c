import { SluiceError } from "../../base/index.ts";
import type { Duration } from "../../lake/index.ts";
import { checkDefinition } from "../../lake/index.ts";
import type { StartEvent } from "../../orchestration/index.ts";
import { exitCodeAfter } from "../cli.ts";
import { OutputClosed } from "../io.ts";
import { jsonText } from "../render/json.ts";
import { eventJson, eventText, flushLine } from "../render/start-events.ts";
import { cutToWidth } from "../render/text-width.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/** Keeps the lake fresh until a signal comes, or until every table was given up. */
export async function start(session: Session): Promise<number> {
  const closed = new AbortController();
  const told = tellEvents(session, () => closed.abort());
  const givenUp = await withLake(session, async ({ lake, file }) => {
    const only = session.positionals.map((name) => tableNamed(lake, name).name);
    await checkDefinition(lake, file);
    const [flush, look] = [session.flags.text("flush"), session.flags.text("look")];
    session.say(`Keeping ${lake.definition.name} fresh; Ctrl-C ends it after the commit at hand`);
    return await lake.start({
      // What is no duration is refused with what was typed.
      ...(flush === undefined ? {} : { flush: flush as Duration }),
      ...(look === undefined ? {} : { look: look as Duration }),
      ...(only.length === 0 ? {} : { only }),
      signal: closed.signal,
      onEvent: told.onEvent,
    });
  });
  await told.end();
  if (closed.signal.aborted) return 0;
  const [first] = givenUp.values();
  const isAsked = session.io.signal.aborted;
  if (!isAsked && first !== undefined) return first.exitCode;
  return exitCodeAfter(new SluiceError("run.interrupted", "Stopped by a signal"), session.io.signal);
}

interface Told {
  readonly onEvent: (event: StartEvent) => void;
  /** Resolves when all is written. */
  end(): Promise<void>;
}

/** Events as lines: JSON to stdout, talk to stderr; on a terminal the last flush is one line that changes. */
function tellEvents(session: Session, onClosed: () => void): Told {
  const { io, isQuiet, isVerbose, talkPaint: paint } = session;
  const isLive = io.stderr.isTTY && io.env["TERM"] !== "dumb";
  let shown = "";
  let writing = Promise.resolve();
  const print = async (event: StartEvent): Promise<void> => {
    try {
      await session.print(`${jsonText(eventJson(event))}\n`);
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
      onClosed();
    }
  };
  const show = (line: string): void => {
    shown = isLive ? cutToWidth(line, (io.stderr.columns ?? 80) - 1) : line;
    io.stderr.write(isLive ? `\r${shown}\u001b[K` : `${shown}\n`);
  };
  const say = (text: string): void => {
    if (text === "") return;
    io.stderr.write(isLive ? `\r\u001b[K${text}${shown}` : text);
  };
  return {
    onEvent: (event) => {
      if (session.isJson) writing = writing.then(async () => await print(event));
      if (event.kind === "flush") {
        if (!isQuiet && !session.isJson) show(flushLine(event));
      } else if (event.kind === "failed" || !isQuiet) {
        say(eventText(event, { paint, isVerbose }));
      }
    },
    end: async () => {
      if (isLive && shown !== "") io.stderr.write("\n");
      await writing;
    },
  };
}
