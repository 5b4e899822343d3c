import { SluiceError } from "../../base/index.ts";
import type { RestoreOptions, RestoreOutcome } from "../../delta/index.ts";
import { restoreTable } from "../../layers/index.ts";
import { byteSize, counted } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { withTable } from "../with-table.ts";

/** Gives a table the content and schema of an older version, in a new one. */
export async function restore(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const expired = { allowExpiredFiles: session.flags.isOn("allow-expired-files") };
  const wanted = { ...wantedVersion(session), ...expired };
  return await withTable(session, typed, async ({ name, store, log }) => {
    const table = { name, store, log, world: session.io.world };
    const planned = await restoreTable(table, { ...wanted, dryRun: true });
    const isDone = planned.kind === "nothing" || session.flags.isOn("dry-run");
    if (!isDone) await askFirst(session, typed, planned);
    const outcome = isDone ? planned : await restoreTable(table, { ...expired, version: planned.restored });
    const { kind, restored, snapshot, filesAdded, filesRemoved, bytesAdded, bytesRemoved } = outcome;
    if (session.isJson) {
      const counts = { filesAdded, bytesAdded, filesRemoved, bytesRemoved };
      await session.printJson("restore", {
        table: typed,
        outcome: kind,
        version: snapshot.version,
        restored,
        ...counts,
      });
    } else await session.print(`${outcomeText(typed, outcome)}\n`);
    return 0;
  });
}

function wantedVersion(session: Session): Pick<RestoreOptions, "version" | "timestampMs"> {
  const version = session.flags.wholeNumber("version");
  const timestampMs = session.flags.moment("timestamp");
  if (version !== undefined && timestampMs === undefined) return { version };
  if (version === undefined && timestampMs !== undefined) return { timestampMs };
  throw new SluiceError("usage.invalid", "Cannot restore: it takes either --version or --timestamp", {
    advice: "`sluice history <table>` lists the versions.",
  });
}

function outcomeText(table: string, outcome: RestoreOutcome): string {
  const { kind, restored, snapshot } = outcome;
  if (kind === "nothing") return `${table} has the content of version ${restored} already`;
  const files =
    `${counted(outcome.filesAdded, "file")} (${byteSize(outcome.bytesAdded)}) ${kind === "planned" ? "would come" : "came"} back, ` +
    `${counted(outcome.filesRemoved, "file")} (${byteSize(outcome.bytesRemoved)}) ${kind === "planned" ? "would go" : "went"}`;
  if (kind === "planned") return `${table} would be restored to version ${restored}: ${files}`;
  return `${table} is restored to version ${restored}, as version ${snapshot.version}: ${files}`;
}

async function askFirst(session: Session, table: string, planned: RestoreOutcome): Promise<void> {
  if (session.flags.isOn("yes") || !session.mayAsk) return;
  const { stderr, stdin, signal } = session.io;
  stderr.write(`${outcomeText(table, planned)}. Go on? [y/N] `);
  const answer = await stdin.line(signal);
  if (/^y(?:es)?$/i.test(answer?.trim() ?? "")) return;
  throw new SluiceError("run.interrupted", `Did not restore ${table}: it was not confirmed`, {
    facts: { table },
    advice: "Answer y, or give --yes.",
  });
}
