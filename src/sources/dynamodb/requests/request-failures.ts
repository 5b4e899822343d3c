import { SluiceError } from "../../../base/index.ts";
import type { KnownExport } from "./plan-requests.ts";

export function recoveryOff(table: string): SluiceError {
  return new SluiceError("source.invalid", "Cannot ask for an export of the table: its point-in-time recovery is off", {
    facts: { table },
    advice:
      `Switch it on: \`aws dynamodb update-continuous-backups --table-name ${table}` +
      " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`; or take `requestExports` away.",
  });
}

export function failureOf(
  table: string,
  what: string,
  { failed, againMs }: { readonly failed: readonly KnownExport[]; readonly againMs: number },
): SluiceError {
  return new SluiceError("source.unavailable", `Cannot go on: DynamoDB fails to make the ${what}`, {
    facts: {
      table,
      failures: failed.length,
      reason: failed.at(-1)?.failure,
      next: new Date(againMs).toISOString(),
    },
    advice: "Correct what DynamoDB says, such as the bucket's policy or the KMS key; it is asked for again by itself.",
  });
}
