import { SluiceError } from "../../base/index.ts";
import { checkDefinition } from "../../lake/index.ts";
import { showProgress } from "../progress.ts";
import { duration } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/** Computes a Silver or Gold table anew, in one commit; readers see the table of before until then. */
export async function rebuild(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  using progress = showProgress(session);
  return await withLake(
    session,
    async ({ lake, file }) => {
      const { name, layer } = tableNamed(lake, typed);
      await checkDefinition(lake, file);
      if (layer !== "bronze") await askFirst(session, name);
      const startedMs = session.io.world.nowMs();
      progress.onProgress({ table: name, phase: layer === "gold" ? "refresh" : "fold", detail: "anew", rows: 0 });
      const { version } = await lake.rebuild(name);
      progress[Symbol.dispose]();
      const elapsedMs = session.io.world.nowMs() - startedMs;
      if (session.isJson) await session.printJson("rebuild", { table: name, version: version ?? null, elapsedMs });
      else await session.print(`${name} is rebuilt${version === undefined ? "" : `, version ${version}`}\n`);
      session.say(session.talkPaint.dim(duration(elapsedMs)));
      return 0;
    },
    { onProgress: progress.onProgress },
  );
}

async function askFirst(session: Session, table: string): Promise<void> {
  if (session.flags.isOn("yes") || !session.mayAsk) return;
  const { stderr, stdin, signal } = session.io;
  stderr.write(`Compute ${table} anew? Its present version stays readable by --version. [y/N] `);
  const answer = await stdin.line(signal);
  if (/^y(?:es)?$/i.test(answer?.trim() ?? "")) return;
  throw new SluiceError("run.interrupted", `Did not rebuild ${table}: it was not confirmed`, {
    facts: { table },
    advice: "Answer y, or give --yes.",
  });
}
