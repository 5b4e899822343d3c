import {
  SluiceError,
  TROUBLES,
  answerOf,
  failureOf,
  meaningOf,
  troubleOf,
  type ServiceTerms,
  type Trouble,
} from "../../base/index.ts";

/** What follows: `slower` – refused without effect because it was too much; `again` – nobody knows, or not now; `refused` – for good. */
export function verdictOf(trouble: Trouble): "slower" | "again" | "refused" {
  if (trouble === "throttled") return "slower";
  // The SDK has set its clock by the answer.
  return TROUBLES[trouble].kind === "unavailable" || trouble === "wrong-clock" ? "again" : "refused";
}

/** The failure in Sluice's own words; a `SluiceError` passes as it is. */
export function targetFailure(error: unknown, verb: string, table: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const answer = answerOf(error);
  const cannot = `Cannot ${verb} the DynamoDB table ${table}`;
  return failureOf(answer, meaningOf(troubleOf(answer), TERMS), { cannot, facts: { table } });
}

const TERMS: ServiceTerms = {
  codes: {
    denied: "target.denied",
    place: "config.invalid",
    unavailable: "target.unavailable",
    missing: "target.invalid",
    refused: "target.invalid",
  },
  words: {
    missing: {
      why: "there is no such table",
      advice:
        "Create the table with the key attributes that `publish.keys` names, or correct its name, region and endpoint.",
    },
    "no-region": {
      why: TROUBLES["no-region"].why,
      advice: "Set the table's region: `region` of the target, or AWS_REGION.",
    },
  },
};
