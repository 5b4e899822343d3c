import { showProgress } from "../progress.ts";
import { reconcileJson, reconcileText } from "../render/reconciliation.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

const DIFFERENT = 4;

/** Compares a source with what the lake has of it; exits 4 where they differ. */
export async function reconcile(session: Session): Promise<number> {
  const { flags, positionals } = session;
  const [name = ""] = positionals;
  const readCapacity = flags.wholeNumber("read-capacity", 1);
  const shownMax = flags.wholeNumber("limit");
  using progress = showProgress(session);
  return await withLake(
    session,
    async ({ lake }) => {
      const table = tableNamed(lake, name);
      const from = table.layer === "silver" ? table.from : table.name;
      const report = await lake.reconcile(from, {
        ...(readCapacity === undefined ? {} : { readCapacity }),
        ...(shownMax === undefined ? {} : { shownMax }),
      });
      progress[Symbol.dispose]();
      const exitCode = report.verdict === "different" ? DIFFERENT : 0;
      if (session.isJson) await session.printJson("reconcile", { exitCode, ...reconcileJson(report) });
      else await session.print(reconcileText(report, session.paint));
      return exitCode;
    },
    { onProgress: progress.onProgress },
  );
}
