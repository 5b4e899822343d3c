import type { HistoryEntry } from "../../delta/index.ts";
import { historyJson, historyText } from "../render/table-history.ts";
import type { Session } from "../session.ts";
import { noTable, withTable } from "../with-table.ts";

const SHOWN_COMMITS = 20;

/** What each commit of a table did, newest first. */
export async function history(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const limit = session.flags.wholeNumber("limit", 1) ?? SHOWN_COMMITS;
  return await withTable(session, typed, async (table) => {
    const entries: HistoryEntry[] = [];
    for await (const entry of table.log.history(limit)) entries.push(entry);
    if (entries.length === 0) throw noTable(table);
    if (session.isJson)
      await session.printJson("history", { table: typed, commits: entries.map((one) => historyJson(one)) });
    else {
      const nowMs = session.io.world.nowMs();
      await session.print(historyText(entries, { paint: session.paint, width: session.io.stdout.columns, nowMs }));
      if (entries.length === limit && entries.at(-1)?.version !== 0)
        session.say(`Shown are the newest ${limit}; --limit shows more.`);
    }
    return 0;
  });
}
