import { SluiceError } from "../../base/index.ts";
import type { Relation } from "../../engine/index.ts";
import { countQuarantined, quarantinedRecords, type Lake } from "../../lake/index.ts";
import { nearest } from "../arguments/near-miss.ts";
import { isTable, printRows } from "../print-rows.ts";
import { thousands } from "../render/amounts.ts";
import { quarantineJson, quarantineText } from "../render/quarantine-counts.ts";
import { quarantineRecordsText } from "../render/quarantine-records.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

const SHOWN_RECORDS = 20;

/** What was set aside: counts by table and reason, or the records whole. */
export async function quarantine(session: Session): Promise<number> {
  const [verb = "", name] = session.positionals;
  if (verb !== "list" && verb !== "show") throw unknownVerb(verb);
  return await withLake(session, async ({ lake }) => {
    const table = name === undefined ? undefined : tableNamed(lake, name).name;
    return verb === "list" ? await list(session, lake, table) : await show(session, lake, table);
  });
}

async function list(session: Session, lake: Lake, table: string | undefined): Promise<number> {
  const reason = session.flags.text("rule");
  const all = await countQuarantined(lake, table);
  const counts = all.filter(
    (one) => reason === undefined || one.reason === reason || one.reason.endsWith(`:${reason}`),
  );
  if (session.isJson) await session.printJson("quarantine", { counts: quarantineJson(counts) });
  else if (counts.length === 0) session.say("Nothing is in quarantine.");
  else {
    const nowMs = session.io.world.nowMs();
    await session.print(quarantineText(counts, { paint: session.paint, nowMs }));
  }
  return 0;
}

async function show(session: Session, lake: Lake, table: string | undefined): Promise<number> {
  const limit = session.flags.wholeNumber("limit", 1) ?? SHOWN_RECORDS;
  const records = await quarantinedRecords(lake, { table, reason: session.flags.text("rule"), limit });
  if (records === undefined) {
    if (session.isJson) await session.printJson("rows", { columns: [], rows: [] });
    else session.say("Nothing is in quarantine.");
    return 0;
  }
  const count = isTable(session)
    ? await showBlocks(session, lake, records.relation)
    : await printRows(session, { engine: lake.engine, ...records });
  if (count === limit && isTable(session)) session.say(`Shown are the newest ${thousands(count)}; --limit shows more.`);
  return 0;
}

async function showBlocks(session: Session, lake: Lake, relation: Relation): Promise<number> {
  let count = 0;
  for await (const rows of lake.engine.query(relation, { signal: session.io.signal })) {
    count += rows.length;
    await session.print(quarantineRecordsText(rows, session.paint));
  }
  if (count === 0) session.say("No record was set aside for that.");
  return count;
}

function unknownVerb(verb: string): SluiceError {
  const near = nearest(verb, ["list", "show"]);
  return new SluiceError("usage.invalid", `Cannot run quarantine ${verb}: there is list and show`, {
    facts: { verb },
    advice: `Write \`sluice quarantine ${near ?? "list"}\`; see \`sluice quarantine --help\`.`,
  });
}
