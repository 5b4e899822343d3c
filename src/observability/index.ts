export { recorded } from "./run-log.ts";
export { lastReconciledMs, recordReconciliation } from "./reconciliation-log.ts";
