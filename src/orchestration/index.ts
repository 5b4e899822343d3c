export { isGoldIdle, isRedefined, isSilverIdle } from "./idle.ts";
export { inputsOf } from "./inputs-of.ts";
export { bronzeOf, planBronze, runLake, type RunOptions } from "./run-lake.ts";
export { publishTables, type PublicationReport } from "./publish-tables.ts";
export { exitCodeOf, type RunReport, type TableReport } from "./run-report.ts";
