export { RUNS_SCHEMA, recordRun } from "./run-log.ts";
