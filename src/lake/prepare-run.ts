import { placeOf } from "../layers/index.ts";
import { checkDefinition } from "./check-definition.ts";
import type { Lake } from "./open-lake.ts";
import type { TablePlan } from "./plan-lake.ts";

/** Checks the definition's SQL (as `checkDefinition`) before a run writes, and opens the tables meanwhile that it begins with. */
export async function prepareRun(lake: Lake, plans: readonly TablePlan[], file?: string): Promise<void> {
  const first = plans.filter(({ step }) => step.kind === "read");
  await Promise.all([
    checkDefinition(lake, file),
    // Whoever comes to the table meets the failure itself, and tells it in its place.
    ...first.map(
      async ({ table }) =>
        await placeOf(lake, table)
          .log.latest()
          .catch(() => undefined),
    ),
  ]);
}
