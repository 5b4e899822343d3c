export { recorded } from "./run-log.ts";
export { recordReconciliation } from "./reconciliation-log.ts";
