export { recordRun } from "./run-log.ts";
