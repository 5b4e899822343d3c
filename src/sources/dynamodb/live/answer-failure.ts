import {
  SluiceError,
  TROUBLES,
  answerOf,
  failureOf,
  meaningOf,
  troubleOf,
  type ServiceTerms,
  type Trouble,
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
  const meaning = ABOUT_THE_DEFINITION.has(answer.code)
    ? ({ code: "source.invalid", why: answer.message } as const)
    : meaningOf(trouble, TERMS);
  return failureOf(answer, meaning, { cannot: `Cannot ${what}`, facts: { ...where } });
}

/** Answers of streams and of Kinesis alone. */
const FAULTS: Readonly<Record<string, FaultKind>> = {
  ExpiredIteratorException: "iterator-expired",
  TrimmedDataAccessException: "trimmed",
  // Of descriptions a second, and of changes a day.
  LimitExceededException: "throttled",
};

const FAULT_TROUBLES: Readonly<Partial<Record<Trouble, FaultKind>>> = { throttled: "throttled", missing: "missing" };

/** Such a refusal tells in words what is wrong. */
const ABOUT_THE_DEFINITION: ReadonlySet<string> = new Set(["ValidationException", "InvalidArgumentException"]);

const TERMS: ServiceTerms = {
  codes: {
    denied: "source.denied",
    place: "config.invalid",
    unavailable: "source.unavailable",
    missing: "source.missing",
    refused: "source.unavailable",
  },
  words: {
    denied: { why: TROUBLES.denied.why, advice: "Give the role the permission; the cause names the action." },
    "no-region": { why: TROUBLES["no-region"].why, advice: "Set `region` of the source, or AWS_REGION." },
  },
};
