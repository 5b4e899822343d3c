import { placeOf } from "../layers/index.ts";
import { checkDefinition } from "./check-definition.ts";
import type { Lake } from "./open-lake.ts";
import type { TablePlan } from "./plan-lake.ts";

/** Checks the definition's SQL (as `checkDefinition`) before a run writes, and opens the tables meanwhile that it begins with. */
export async function prepareRun(lake: Lake, plans: readonly TablePlan[], file?: string): Promise<void> {
  const opening = plans.filter(({ step }) => step.kind === "read").map(async ({ table }) => await open(lake, table));
  try {
    await checkDefinition(lake, file);
  } finally {
    await Promise.all(opening);
  }
}

/** Whoever comes to the table meets a failure himself, and tells it in its place. */
async function open(lake: Lake, table: TablePlan["table"]): Promise<void> {
  await placeOf(lake, table)
    .log.latest()
    .catch(() => undefined);
}
