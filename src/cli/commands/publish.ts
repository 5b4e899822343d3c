import { SluiceError } from "../../base/index.ts";
import { publishes } from "../../layers/index.ts";
import type { PublicationReport } from "../../orchestration/index.ts";
import type { Lake } from "../../lake/index.ts";
import type { TableName } from "../../contract/index.ts";
import { showProgress } from "../progress.ts";
import { failureText } from "../render/failure-text.ts";
import { driftJson, driftText, publicationJson, publicationsText } from "../render/publications.ts";
import type { Session } from "../session.ts";
import { tableNamed, withLake } from "../with-lake.ts";

const SHOWN_KEYS = 20;

/** Brings tables into the targets that they name, or compares the two. */
export async function publish(session: Session): Promise<number> {
  const { flags } = session;
  const chosen = ["check", "repair", "take-over"].filter((name) => flags.isOn(name));
  if (chosen.length > 1) {
    throw new SluiceError("usage.invalid", `Cannot publish with both --${chosen[0]} and --${chosen[1]}`);
  }
  using progress = showProgress(session);
  return await withLake(
    session,
    async ({ lake }) => {
      const tables = wantedTables(session, lake);
      if (flags.isOn("check")) return await check(session, lake, tables);
      if (flags.isOn("take-over")) await askFirst(session, tables);
      const request = { only: tables, takesOver: flags.isOn("take-over"), repairs: flags.isOn("repair") };
      const publications = await lake.publish(request);
      progress[Symbol.dispose]();
      return await show(session, publications);
    },
    { onProgress: progress.onProgress },
  );
}

/** The tables that were typed, else all that name a target. */
function wantedTables({ positionals }: Session, lake: Lake): readonly TableName[] {
  if (positionals.length === 0) return lake.definition.tables.filter(publishes).map(({ name }) => name);
  return positionals.map((typed) => {
    const table = tableNamed(lake, typed);
    if (publishes(table)) return table.name;
    throw new SluiceError("usage.invalid", `Cannot publish ${table.name}: it names no target`, {
      facts: { table: table.name },
      advice: "Give the table a target: `publish: dynamodbTarget({ … })`.",
    });
  });
}

async function show(session: Session, publications: readonly PublicationReport[]): Promise<number> {
  const { io, talkPaint, isVerbose } = session;
  const exitCode = publications.find(({ error }) => error !== undefined)?.error?.exitCode ?? 0;
  if (session.isJson) {
    await session.printJson("publish", { exitCode, publications: publications.map(publicationJson) });
  } else if (publications.length === 0) session.say("No table names a target.");
  else {
    const text = publicationsText(publications, session.paint);
    await session.print(text === "" ? "Nothing new: every target is up to date\n" : text);
  }
  for (const { table, error } of publications) {
    if (error !== undefined)
      io.stderr.write(`\n${talkPaint.bold(table)}\n${failureText(error, talkPaint, { isVerbose })}`);
  }
  return exitCode;
}

async function check(session: Session, lake: Lake, tables: readonly TableName[]): Promise<number> {
  const shownMax = session.flags.wholeNumber("limit", 1) ?? SHOWN_KEYS;
  const readCapacity = session.flags.wholeNumber("read-capacity", 1);
  const request = { shownMax, ...(readCapacity === undefined ? {} : { readCapacity }) };
  const drifts = [];
  for (const table of tables) drifts.push({ table, drift: await lake.checkPublished(table, request) });
  const drifted = drifts.filter(
    ({ drift }) => drift.missing + drift.different + drift.extra > 0 && drift.version !== undefined,
  );
  const [first] = drifted;
  const failure =
    first === undefined
      ? undefined
      : new SluiceError("publish.drifted", `The target of ${first.table} differs from what was published`, {
          facts: { tables: drifted.map(({ table }) => table).join(", ") },
        });
  const exitCode = failure?.exitCode ?? 0;
  if (session.isJson) {
    await session.printJson("drift", { exitCode, tables: drifts.map(({ table, drift }) => driftJson(table, drift)) });
  } else {
    for (const { table, drift } of drifts) await session.print(driftText(table, drift, session.paint));
  }
  if (failure !== undefined) {
    session.io.stderr.write(`\n${failureText(failure, session.talkPaint, { isVerbose: session.isVerbose })}`);
  }
  return exitCode;
}

async function askFirst(session: Session, tables: readonly string[]): Promise<void> {
  if (session.flags.isOn("yes") || !session.mayAsk) return;
  const { stderr, stdin, signal } = session.io;
  stderr.write(`Make this lake the publisher of ${tables.join(", ")}, whatever the targets say? [y/N] `);
  const answer = await stdin.line(signal);
  if (/^y(?:es)?$/i.test(answer?.trim() ?? "")) return;
  throw new SluiceError("run.interrupted", "Did not publish: it was not confirmed", {
    advice: "Answer y, or give --yes.",
  });
}
