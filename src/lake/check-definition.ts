import { ConfigError } from "../definition/index.ts";
import { checkLake } from "./check-lake.ts";
import type { Lake } from "./open-lake.ts";

/** Fails with `config.invalid` (`ConfigError`, all mistakes at once) when some SQL of the lake's definition cannot be bound. */
export async function checkDefinition(lake: Lake, file?: string): Promise<void> {
  const problems = await checkLake(lake.definition, lake.engine);
  if (problems.length > 0) throw new ConfigError(problems, file);
}
