import { isFailure, messageOf, type SluiceError } from "../../base/index.ts";
import type { BronzeDefinition, DynamoDbDefinition, PublishDefinition } from "../../definition/index.ts";
import { surveyTable, type TableSurvey } from "../../sources/index.ts";
import type { Lake } from "../open-lake.ts";
import { changesPerDay } from "./change-rate.ts";
import { compareStatistics, type TableStatistics } from "./dms-statistics.ts";
import { Findings, type Finding, type Wishes } from "./finding.ts";
import { judgeTable } from "./judge-table.ts";
import { landingOf, type LandingName } from "./landing-costs.ts";
import { lookAtMachine, lookAtStorage } from "./look-around.ts";
import { recommendLanding, type Recommendation } from "./recommend-landing.ts";

export interface Examination {
  readonly findings: readonly Finding[];
  /** Of each DynamoDB table that could be looked at. */
  readonly landings: readonly TableLanding[];
}

export interface TableLanding extends Recommendation {
  readonly table: string;
  /** As it is defined. */
  readonly defined: LandingName;
  readonly changesPerDay: number | undefined;
}

export interface ExamineOptions {
  /** What tasks of AWS DMS say of the tables that they write; undefined: nobody asks. */
  readonly dmsStatistics?: readonly TableStatistics[];
}

/** Looks at the definition, its live sources, its storage and this machine, and says what fits and what will break. Writes nothing. */
export async function examineLake(
  lake: Lake,
  wishes: Wishes,
  { dmsStatistics }: ExamineOptions = {},
): Promise<Examination> {
  const findings: Finding[] = [];
  const landings: TableLanding[] = [];
  for (const table of lake.definition.tables) {
    if (table.layer === "bronze" && table.source.kind === "dynamodb") {
      const examined = await examineSource(lake, { ...table, source: table.source }, wishes);
      findings.push(...examined.findings);
      landings.push(...examined.landings);
    } else if (table.layer === "bronze" && table.source.kind === "dms" && dmsStatistics !== undefined) {
      findings.push(...(await compareStatistics(lake, { ...table, source: table.source }, dmsStatistics)));
    } else if (table.layer !== "bronze" && table.publish !== undefined) {
      findings.push(...(await examineTarget(lake, table.name, table.publish)));
    }
  }
  return { findings: [...findings, ...(await lookAtStorage(lake)), ...(await lookAtMachine(lake))], landings };
}

async function examineSource(
  lake: Lake,
  { name, source }: BronzeDefinition & { readonly source: DynamoDbDefinition },
  wishes: Wishes,
): Promise<Examination> {
  const survey = await surveyed(lake, source);
  if (isFailure(survey)) {
    const findings = new Findings(name);
    // Exports are read without asking the table for anything.
    const isNeeded = source.stream || source.scan !== undefined;
    findings.add(isNeeded ? "problem" : "warning", "table", messageOf(survey), survey.advice);
    return { findings: findings.all, landings: [] };
  }
  const changes = await changesPerDay(lake.tables.systemStore, name.slice("bronze.".length), lake.world.nowMs());
  const { items, sizeBytes, stream, kinesisStreams } = survey;
  const shards = stream !== undefined && "value" in stream.shards ? stream.shards.value : undefined;
  const feedsRows = lake.definition.tables.some((table) => table.layer === "silver" && table.from === name);
  const kinesisStream = "value" in kinesisStreams ? kinesisStreams.value[0] : undefined;
  const numbers = { items, sizeBytes, changesPerDay: changes, shards, kinesisStream };
  const recommendation = recommendLanding(numbers, wishes);
  return {
    findings: judgeTable({ name, source, feedsRows, survey, wishes }),
    landings: [{ ...recommendation, table: name, defined: landingOf(source), changesPerDay: changes }],
  };
}

async function examineTarget(lake: Lake, name: string, publish: PublishDefinition): Promise<readonly Finding[]> {
  const findings = new Findings(name);
  const survey = await surveyed(lake, publish);
  const wanted = publish.keys.map(({ attribute }) => attribute).join(", ");
  if (isFailure(survey)) findings.add("problem", "target", messageOf(survey), survey.advice);
  else if (survey.keys.join(", ") === wanted) findings.add("ok", "target", `${publish.table}, keys ${wanted}`);
  else
    findings.add("problem", "target", `the key of ${publish.table} is (${survey.keys.join(", ")}), \`publish.keys\` says (${wanted})`); // prettier-ignore
  return findings.all;
}

async function surveyed(
  { world }: Lake,
  { table, region, endpoint }: Pick<DynamoDbDefinition, "table" | "region" | "endpoint">,
): Promise<TableSurvey | SluiceError> {
  try {
    const place = {
      table,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    return await surveyTable(place, world);
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}
