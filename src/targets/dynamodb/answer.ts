import {
  SluiceError,
  TROUBLES,
  answerOf,
  causeOf,
  troubleOf,
  type FailureCode,
  type Trouble,
  type TroubleKind,
  type TroubleWords,
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
  const trouble = troubleOf(answer);
  const { why, advice }: TroubleWords = WORDS[trouble] ?? TROUBLES[trouble];
  return new SluiceError(CODES[TROUBLES[trouble].kind], `Cannot ${verb} the DynamoDB table ${table}: ${why}`, {
    facts: { table, reason: answer.code, status: answer.status },
    cause: causeOf(answer),
    ...(advice === undefined ? {} : { advice }),
  });
}

const CODES: Readonly<Record<TroubleKind, FailureCode>> = {
  denied: "target.denied",
  place: "config.invalid",
  unavailable: "target.unavailable",
  missing: "target.invalid",
  refused: "target.invalid",
};

/** What a target says in other words than everybody. */
const WORDS: Readonly<Partial<Record<Trouble, TroubleWords>>> = {
  missing: {
    why: "there is no such table",
    advice:
      "Create the table with the key attributes that `publish.keys` names, or correct its name, region and endpoint.",
  },
  "no-region": {
    why: TROUBLES["no-region"].why,
    advice: "Set the table's region: `region` of the target, or AWS_REGION.",
  },
};
