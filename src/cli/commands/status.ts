import { lakeStatus } from "../../lake/index.ts";
import { statusJson, statusText } from "../render/lake-status.ts";
import type { Session } from "../session.ts";
import { withLake } from "../with-lake.ts";

/** How the lake stands: versions, rows, freshness, quality, what the next run would do, what waits. */
export async function status(session: Session): Promise<number> {
  return await withLake(session, async ({ lake, file }) => {
    const found = await lakeStatus(lake);
    const { name } = lake.definition;
    if (session.isJson) await session.printJson("status", { lake: name, config: file, ...statusJson(found) });
    else {
      session.say(session.talkPaint.dim(`Lake ${name} · ${file}\n`));
      const nowMs = session.io.world.nowMs();
      await session.print(statusText(found, { paint: session.paint, nowMs }));
    }
    return 0;
  });
}
