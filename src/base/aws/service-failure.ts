import { SluiceError, type Facts, type FailureCode } from "../failures.ts";
import { causeOf, type ServiceAnswer } from "./service-answer.ts";
import { TROUBLES, type Trouble, type TroubleKind, type TroubleWords } from "./service-trouble.ts";

/** A client's codes, and what it says in other words than everybody. */
export interface ServiceTerms {
  readonly codes: Readonly<Record<TroubleKind, FailureCode>>;
  readonly words: Readonly<Partial<Record<Trouble, TroubleWords>>>;
}

export interface ServiceMeaning extends TroubleWords {
  readonly code: FailureCode;
}

export function meaningOf(trouble: Trouble, { codes, words }: ServiceTerms): ServiceMeaning {
  return { code: codes[TROUBLES[trouble].kind], ...(words[trouble] ?? TROUBLES[trouble]) };
}

/** The failure that an answer is, `cannot` being what was wanted: "Cannot read the table". It has the answer's words, and nothing of the request. */
export function failureOf(
  answer: ServiceAnswer,
  { code, why, advice }: ServiceMeaning,
  { cannot, facts }: { readonly cannot: string; readonly facts: Facts },
): SluiceError {
  return new SluiceError(code, `${cannot}: ${why}`, {
    facts: { ...facts, reason: answer.code, status: answer.status },
    cause: causeOf(answer),
    ...(advice === undefined ? {} : { advice }),
  });
}
