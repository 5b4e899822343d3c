export { assert, must } from "./assert.ts";
export { debugLine } from "./debug-line.ts";
export { FAILURES, SluiceError, isFailure, messageOf, type Facts, type FailureCode } from "./failures.ts";
export { packageVersion } from "./package-version.ts";
export { STORAGE_RETRY, jitteredDelayMs, withRetry, type RetryPolicy } from "./retry.ts";
export { RateLimit } from "./rate-limit.ts";
export { realWorld, seededRandom, simulatedWorld, type World } from "./world.ts";
export { parseJson, stringifyJson, JsonNumber, type JsonValue, type JsonObject } from "./lossless-json.ts";
export { withoutNodeWarning } from "./without-node-warning.ts";
