import { SluiceError } from "../../base/index.ts";
import { prepareQuery } from "../../lake/index.ts";
import { printRows } from "../print-rows.ts";
import type { Session } from "../session.ts";
import { withLake } from "../with-lake.ts";

/** Runs a SELECT over the lake's tables; `-` reads it from stdin. */
export async function query(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const sql = typed === "-" ? await session.io.stdin.all(session.io.signal) : typed;
  if (sql.trim() === "") throw new SluiceError("usage.invalid", "Cannot run an empty query");
  return await withLake(session, async ({ lake }) => {
    const prepared = await prepareQuery(lake, sql);
    await printRows(session, { engine: lake.engine, ...prepared });
    return 0;
  });
}
