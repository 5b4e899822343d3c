/**
 * What an error of the AWS SDK says, read with care: errors come from the service, the network and the SDK itself. The error is never
 * passed on as it is: it carries the request with its signature and session token.
 */
export interface ServiceAnswer {
  /** The service's code, or the system's: `ThrottlingException`, `NoSuchKey`, `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether the service said so itself; an answer that was cut off is none, whatever its status. */
  readonly isWhole: boolean;
}

export function answerOf(error: unknown): ServiceAnswer {
  if (!(error instanceof Error)) {
    return { code: "Unknown", message: String(error), status: undefined, requestId: undefined, isWhole: false };
  }
  const { code, Code, $metadata } = error as {
    readonly code?: unknown;
    readonly Code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  };
  const status = $metadata?.httpStatusCode;
  const requestId = $metadata?.requestId;
  const systemCode = typeof code === "string" ? code : undefined;
  return {
    code: typeof Code === "string" ? Code : (ownCode(error) ?? systemCode ?? error.name),
    message: error.message,
    status: typeof status === "number" ? status : undefined,
    requestId: typeof requestId === "string" ? requestId : undefined,
    isWhole: "$fault" in error,
  };
}

/** Some errors of the SDK have words and no name of their own, as any plain `Error`. */
function ownCode({ name, message }: Error): string | undefined {
  if (message.startsWith("Region is missing")) return "RegionMissing";
  if (message.startsWith("Region not accepted")) return "RegionNotAccepted";
  if (name !== "Error") return name;
  return message.startsWith("Resolved credential object") ? "CredentialsProviderError" : undefined;
}

/** The answer's words alone, as the cause of a failure. */
export function causeOf({ code, message, requestId }: ServiceAnswer): Error {
  const cause = new Error(requestId === undefined ? message : `${message} (request ${requestId})`);
  cause.name = code;
  return cause;
}
