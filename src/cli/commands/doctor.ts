import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError } from "../../base/index.ts";
import { durationMs } from "../../definition/index.ts";
import { examineLake, leastPolicy, readStatistics } from "../../lake/index.ts";
import { doctorJson, doctorText } from "../render/doctor.ts";
import type { Session } from "../session.ts";
import { withLake } from "../with-lake.ts";

const HOUR_MS = 3_600_000;
/** What is wished where nobody says. */
const FRESHNESS_MS = HOUR_MS;
const OUTAGE_MS = 24 * HOUR_MS;
/** As of a plan that is refused. */
const PROBLEMS_EXIT = 3;

/** Looks at the definition and what it names, and says what fits and what will break; or prints the policy that it needs. Writes nothing. */
export async function doctor(session: Session): Promise<number> {
  const { flags } = session;
  const account = accountOf(flags.text("account"));
  const wishes = {
    freshnessMs: timeOf("freshness", flags.text("freshness")) ?? FRESHNESS_MS,
    outageMs: timeOf("outage", flags.text("outage")) ?? OUTAGE_MS,
  };
  return await withLake(session, async ({ lake, file }) => {
    if (flags.isOn("iam")) {
      // As AWS takes it, with or without --json: nothing stands around it.
      const policy = leastPolicy(lake.definition, account === undefined ? {} : { account });
      await session.print(`${JSON.stringify(policy, undefined, 2)}\n`);
      session.say("Statements whose Sid ends with Doctor are for `sluice doctor` alone.");
      return 0;
    }
    const statistics = flags.text("dms-statistics");
    const options =
      statistics === undefined ? {} : { dmsStatistics: readStatistics(await textOf(session, statistics)) };
    const found = await examineLake(lake, wishes, options);
    const exitCode = found.findings.some(({ level }) => level === "problem") ? PROBLEMS_EXIT : 0;
    const { name } = lake.definition;
    if (session.isJson)
      await session.printJson("doctor", { lake: name, config: file, exitCode, ...doctorJson(found, wishes) });
    else await session.print(doctorText(found, { wishes, paint: session.paint }));
    return exitCode;
  });
}

/** A file, or `-` for stdin. */
async function textOf({ io }: Session, path: string): Promise<string> {
  if (path === "-") return await io.stdin.all(io.signal);
  try {
    return await readFile(resolve(io.folder, path), "utf8");
  } catch (error) {
    throw new SluiceError("usage.invalid", "Cannot use --dms-statistics: the file cannot be read", {
      facts: { path },
      cause: error,
    });
  }
}

function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new SluiceError("usage.invalid", `Cannot use --${flag} ${text}: it is no time such as "15 min" or "2 days"`, {
    facts: { flag: `--${flag}`, value: text },
  });
}

function accountOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{12}$/.test(text)) return text;
  throw new SluiceError("usage.invalid", `Cannot use --account ${text}: an account has twelve digits`, {
    facts: { flag: "--account", value: text },
  });
}
