import {
  SluiceError,
  TROUBLES,
  answerOf,
  causeOf,
  troubleOf,
  type FailureCode,
  type ServiceAnswer,
  type Trouble,
  type TroubleKind,
  type TroubleWords,
} from "../../../base/index.ts";
import { SourceFault, type FaultKind } from "./table-client.ts";

/** What an error of the SDK means: an answer that the channel goes on from, or a failure with a code. */
export function answerFailure(
  error: unknown,
  what: string,
  where: { readonly table: string; readonly at: string },
): SourceFault | SluiceError {
  if (error instanceof SluiceError) return error;
  const answer = answerOf(error);
  const trouble = troubleOf(answer);
  const fault = FAULTS[answer.code] ?? FAULT_TROUBLES[trouble];
  if (fault !== undefined) return new SourceFault(fault, answer.message);
  const { code, why, advice } = meaningOf(answer, trouble);
  return new SluiceError(code, `Cannot ${what}: ${why}`, {
    facts: { ...where, reason: answer.code, status: answer.status },
    cause: causeOf(answer),
    ...(advice === undefined ? {} : { advice }),
  });
}

/** Answers of streams and of Kinesis alone. */
const FAULTS: Readonly<Record<string, FaultKind>> = {
  ExpiredIteratorException: "iterator-expired",
  TrimmedDataAccessException: "trimmed",
  // Of descriptions a second, and of changes a day.
  LimitExceededException: "throttled",
};

const FAULT_TROUBLES: Readonly<Partial<Record<Trouble, FaultKind>>> = { throttled: "throttled", missing: "missing" };

function meaningOf(answer: ServiceAnswer, trouble: Trouble): TroubleWords & { readonly code: FailureCode } {
  // Such a refusal is about what the definition says, and tells in words what.
  if (answer.code === "ValidationException" || answer.code === "InvalidArgumentException") {
    return { code: "source.invalid", why: answer.message };
  }
  return { code: CODES[TROUBLES[trouble].kind], ...(WORDS[trouble] ?? TROUBLES[trouble]) };
}

const CODES: Readonly<Record<TroubleKind, FailureCode>> = {
  denied: "source.denied",
  place: "config.invalid",
  unavailable: "source.unavailable",
  missing: "source.missing",
  refused: "source.unavailable",
};

/** What a source says in other words than everybody. */
const WORDS: Readonly<Partial<Record<Trouble, TroubleWords>>> = {
  denied: { why: TROUBLES.denied.why, advice: "Give the role the permission; the cause names the action." },
  "no-region": { why: TROUBLES["no-region"].why, advice: "Set `region` of the source, or AWS_REGION." },
};
