import { inspectTable } from "../../lake/index.ts";
import { inspectionJson, inspectionText } from "../render/table-inspection.ts";
import type { Session } from "../session.ts";
import { noTable, withTable } from "../with-table.ts";

/** What a table is made of; with `--json` down to the statistics of each file. */
export async function inspect(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  return await withTable(session, typed, async (table) => {
    const found = await inspectTable(table.log, session.flags.wholeNumber("version"));
    if (found === undefined) throw noTable(table);
    if (session.isJson)
      await session.printJson("inspect", { table: typed, path: table.log.url, ...inspectionJson(found) });
    else {
      const { paint, io } = session;
      const options = { paint, nowMs: io.world.nowMs(), place: table.log.url };
      await session.print(inspectionText(found, options));
    }
    return 0;
  });
}
