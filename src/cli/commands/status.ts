import { SluiceError } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import { hasGap, lakeStatus, type Lake } from "../../lake/index.ts";
import { statusJson, statusText } from "../render/lake-status.ts";
import { coverageJson, coverageText } from "../render/table-coverage.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

/** How the lake stands: versions, rows, freshness, quality, what the next run would do, what waits. */
export async function status(session: Session): Promise<number> {
  return await withLake(session, async ({ lake, file }) => {
    const { name } = lake.definition;
    const heading = { lake: name, config: file };
    if (!session.isJson) session.say(session.talkPaint.dim(`Lake ${name} · ${file}\n`));
    if (session.flags.isOn("coverage")) return await showCoverage(session, lake, heading);
    if (session.positionals.length > 0) {
      throw new SluiceError("usage.invalid", "Cannot show the status of single tables: it is of the whole lake", {
        advice: "Leave the tables away, or ask for `--coverage` of them.",
      });
    }
    const found = await lakeStatus(lake);
    if (session.isJson) await session.printJson("status", { ...heading, ...statusJson(found) });
    else await session.print(statusText(found, { paint: session.paint, nowMs: session.io.world.nowMs() }));
    return 0;
  });
}

/** Which part of the sources' history the tables have; exits as a gap does where there is one. */
async function showCoverage(
  session: Session,
  lake: Lake,
  heading: { readonly lake: string; readonly config: string },
): Promise<number> {
  const tables = session.positionals.map((name) => bronzeOf(lake, name));
  const coverages = await lake.coverage(tables.length === 0 ? {} : { only: tables });
  const exitCode = coverages.some(hasGap)
    ? new SluiceError("source.gap", "").exitCode
    : (coverages.find(({ problem }) => problem !== undefined)?.problem?.exitCode ?? 0);
  if (session.isJson) {
    await session.printJson("coverage", { ...heading, exitCode, tables: coverages.map(coverageJson) });
  } else {
    const options = { paint: session.paint, nowMs: session.io.world.nowMs() };
    await session.print(coverages.map((one) => coverageText(one, options)).join("\n"));
  }
  return exitCode;
}

/** The table that holds what a source brought: a Silver table's is the one that it is made from. */
function bronzeOf(lake: Lake, name: string): TableName {
  const table = tableNamed(lake, name);
  if (table.layer === "bronze") return table.name;
  if (table.layer === "silver") return table.from;
  throw new SluiceError("usage.invalid", `Cannot tell what covers ${name}: it has no source of its own`, {
    facts: { table: name },
    advice: "Name the Bronze table, or none for all of them.",
  });
}
