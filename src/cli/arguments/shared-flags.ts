import type { Flag } from "./flag.ts";

export const FORMAT: Flag = {
  name: "format",
  short: "f",
  value: "format",
  choices: ["table", "json", "csv", "ndjson"],
  about: "table (default), json, csv or ndjson",
};
export const LIMIT: Flag = { name: "limit", short: "n", value: "n", about: "At most so many rows" };
export const ALLOW_FILES: Flag = {
  name: "allow-files-from",
  value: "path,…",
  about: "Folders whose files the table may name besides its own (a shallow clone)",
};
export const DRY_RUN: Flag = { name: "dry-run", about: "Only say what would be done" };
