export { asFailure } from "./as-failure.ts";
export { isGoldIdle, isRedefined, isSilverIdle } from "./idle.ts";
export { inputsOf } from "./inputs-of.ts";
export { bronzeOf, planBronze, runLake, type RunOptions } from "./run-lake.ts";
export { publishTables, type PublicationReport } from "./publish-tables.ts";
export { exitCodeOf, type ComparisonReport, type RunReport, type TableReport } from "./run-report.ts";
export type { ReconcileWork } from "./start/comparisons.ts";
export { startLake, type StartOptions } from "./start/start-lake.ts";
export type { FlushedTable, StartEvent } from "./start/start-event.ts";
