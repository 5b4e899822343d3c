import { placeOf } from "../../layers/index.ts";
import { traceRow } from "../../lake/index.ts";
import { traceJson, traceText } from "../render/trace-text.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/** Follows a row back to its Bronze rows, batches, source files and, if asked for, the original records. */
export async function trace(session: Session): Promise<number> {
  const [typed = "", key = ""] = session.positionals;
  return await withLake(session, async ({ lake }) => {
    const { name } = tableNamed(lake, typed);
    const found = await traceRow(lake, name, key, { record: session.flags.isOn("record") });
    const schema = (await placeOf(lake, name).log.latest())?.metadata.schema;
    if (session.isJson) await session.printJson("trace", traceJson(found, schema));
    else {
      const { paint, io } = session;
      await session.print(traceText(found, { schema, paint, isTerminal: io.stdout.isTTY }));
    }
    return 0;
  });
}
