export { recorded } from "./run-log.ts";
