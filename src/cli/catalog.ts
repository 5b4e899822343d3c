import { ALLOW_FILES, DRY_RUN, FORMAT, LIMIT } from "./arguments/shared-flags.ts";
import type { CommandEntry } from "./command.ts";
import { DOCTOR } from "./commands/doctor-entry.ts";
import { START } from "./commands/start-entry.ts";

const ANY_NUMBER = Number.POSITIVE_INFINITY;

/** Every command, in the order of the help. Its module is loaded when it is called. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    about: "Take in what is new and bring Silver and Gold up to date, then stop",
    usage: "[tables…]",
    positionals: { least: 0, most: ANY_NUMBER },
    flags: [],
    examples: [
      { line: "sluice run", about: "every table" },
      { line: "sluice run silver.orders gold.daily_sales", about: "only these" },
      { line: "sluice run -c shop/sluice.config.ts --json", about: "a report for programs" },
    ],
    load: async () => (await import("./commands/run.ts")).run,
  },
  START,
  {
    name: "plan",
    about: "Show what the next run would do and check the definition; writes nothing",
    usage: "[tables…]",
    positionals: { least: 0, most: ANY_NUMBER },
    flags: [],
    examples: [
      { line: "sluice plan", about: "what would be read, folded, refreshed; what waits and why" },
      { line: "sluice plan --json", about: "for a check before deployment; exits 2 or 3 when something is wrong" },
    ],
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "status",
    about: "Tables with versions, rows, freshness, quality, and what waits",
    usage: "[tables…]",
    positionals: { least: 0, most: ANY_NUMBER },
    flags: [
      {
        name: "coverage",
        about: "Which part of its source's history each table has, by channel and batch, and where not",
      },
    ],
    examples: [
      { line: "sluice status", about: "how the lake stands" },
      { line: "sluice status --coverage bronze.orders", about: "exits 5 where changes are missing" },
      { line: "sluice status --coverage --json", about: "shards, hours, windows and files, whole" },
    ],
    load: async () => (await import("./commands/status.ts")).status,
  },
  DOCTOR,
  {
    name: "query",
    about: "Run a SELECT over the lake's tables",
    usage: '"<sql>"',
    positionals: { least: 1, most: 1 },
    flags: [FORMAT],
    examples: [
      { line: 'sluice query "select * from gold.daily_sales limit 10"', about: "a table for people" },
      {
        line: 'sluice query "select * from silver.orders" --format ndjson > orders.ndjson',
        about: "all rows, streamed",
      },
      { line: "sluice query - < report.sql", about: "SQL from stdin" },
      { line: 'sluice query "select * from quarantine.silver_orders"', about: "what was set aside; also system.runs" },
    ],
    load: async () => (await import("./commands/query.ts")).query,
  },
  {
    name: "read",
    about: "Rows of any Delta table, at any version; needs no configuration for a path",
    usage: "<path | table>",
    positionals: { least: 1, most: 1 },
    flags: [
      { name: "version", value: "n", about: "The table as of this version" },
      { name: "timestamp", value: "time", about: "The table as of this moment (2026-01-31T12:00:00Z)" },
      LIMIT,
      { name: "columns", value: "a,b", about: "Only these columns, in this order" },
      FORMAT,
      { name: "output", short: "o", value: "file", about: "Write to <file>.parquet, .csv or .ndjson instead" },
      { name: "force", about: "Replace the file of --output" },
      ALLOW_FILES,
    ],
    examples: [
      { line: "sluice read ./lake/silver/orders --limit 20", about: "the newest version" },
      { line: "sluice read ./lake/silver/orders --version 3 --format csv", about: "as it was" },
      { line: "sluice read silver.orders --output orders.parquet", about: "a file of it" },
    ],
    load: async () => (await import("./commands/read.ts")).read,
  },
  {
    name: "inspect",
    about: "What a Delta table is made of: protocol, schema, properties, files, features",
    usage: "<path | table>",
    positionals: { least: 1, most: 1 },
    flags: [{ name: "version", value: "n", about: "The table as of this version" }, ALLOW_FILES],
    examples: [
      { line: "sluice inspect ./lake/silver/orders", about: "an overview" },
      { line: "sluice inspect silver.orders --json", about: "everything, with the statistics of each file" },
    ],
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "history",
    about: "What each commit of a table did, newest first",
    usage: "<table | path>",
    positionals: { least: 1, most: 1 },
    flags: [{ ...LIMIT, about: "At most so many commits (default 20)" }, ALLOW_FILES],
    examples: [{ line: "sluice history silver.orders", about: "the last commits" }],
    load: async () => (await import("./commands/history.ts")).history,
  },
  {
    name: "quarantine",
    about: "Records that were set aside: how many and why (list), or the records themselves (show)",
    usage: "list | show [table]",
    positionals: { least: 1, most: 2 },
    flags: [
      { ...LIMIT, about: "At most so many records (default 20)" },
      { name: "rule", value: "name", about: "Only records that this rule (or reason) set aside" },
      FORMAT,
    ],
    examples: [
      { line: "sluice quarantine list", about: "counts by table and reason" },
      { line: "sluice quarantine show silver.orders --rule positive_amount", about: "records, whole" },
    ],
    load: async () => (await import("./commands/quarantine.ts")).quarantine,
  },
  {
    name: "rebuild",
    about: "Compute a Silver or Gold table anew; the old versions stay readable",
    usage: "<table>",
    positionals: { least: 1, most: 1 },
    flags: [{ name: "yes", short: "y", about: "Do not ask" }],
    examples: [{ line: "sluice rebuild silver.orders --yes", about: "after its definition changed" }],
    load: async () => (await import("./commands/rebuild.ts")).rebuild,
  },
  {
    name: "publish",
    about: "Bring tables into the targets that they name (`run` does so, too), or compare the two",
    usage: "[tables…]",
    positionals: { least: 0, most: ANY_NUMBER },
    flags: [
      { name: "check", about: "Compare targets with what was published and name keys that differ; writes nothing" },
      { name: "repair", about: "Compare, and write what differs" },
      {
        name: "take-over",
        about: "Make this lake the publisher, whatever a target says; compares, and writes what differs",
      },
      { ...LIMIT, about: "With --check: at most so many keys of a table (default 20)" },
      { name: "read-capacity", value: "n", about: "With --check: read units a second that it may use" },
      { name: "yes", short: "y", about: "Do not ask before taking over" },
    ],
    examples: [
      { line: "sluice publish", about: "what is new, of every table with a target" },
      { line: "sluice publish gold.revenue --check", about: "exits 4 when the target differs" },
      { line: "sluice publish gold.revenue --repair", about: "as the table has it" },
    ],
    load: async () => (await import("./commands/publish.ts")).publish,
  },
  {
    name: "reconcile",
    about: "Compare every record of a source with what the lake has of it, and name those that differ",
    usage: "<table>",
    positionals: { least: 1, most: 1 },
    flags: [
      { name: "read-capacity", value: "n", about: "Read units a second that looking at the source may use" },
      { ...LIMIT, about: "At most so many keys (default 20)" },
    ],
    examples: [
      { line: "sluice reconcile bronze.orders --read-capacity 100", about: "exits 4 where they differ" },
      { line: 'sluice query "select * from system.reconciliations"', about: "how it was before" },
    ],
    load: async () => (await import("./commands/reconcile.ts")).reconcile,
  },
  {
    name: "optimize",
    about: "Rewrite a table's small files into large ones and fold its deletion vectors; the rows stay the same",
    usage: "<table | path>",
    positionals: { least: 1, most: 1 },
    flags: [
      DRY_RUN,
      { name: "partition", value: "a=1,b=2", about: "Only this partition; a column without a value means NULL" },
      { name: "target-mb", value: "n", about: "Size of the files to aim at (default 256)" },
      { name: "cluster-by", value: "a,b", about: "Sort rows into files by these columns, along a Hilbert curve" },
      { name: "zorder", value: "a,b", about: "The same in Z-order" },
      ALLOW_FILES,
    ],
    examples: [
      { line: "sluice optimize silver.orders", about: "small files, and files that have lost many rows" },
      { line: "sluice optimize ./lake/silver/orders --dry-run", about: "what would be rewritten" },
      { line: "sluice optimize bronze.orders --partition _ingestion_date=2026-01-31", about: "one day of it" },
      { line: "sluice optimize silver.orders --cluster-by country,placed_at", about: "for filters on either of them" },
    ],
    load: async () => (await import("./commands/optimize.ts")).optimize,
  },
  {
    name: "convert",
    about: "Make a Delta table of a folder of Parquet files, in place; no file of it is touched",
    usage: "<path>",
    positionals: { least: 1, most: 1 },
    flags: [
      {
        name: "partition-types",
        value: "a=date,b=integer",
        about: "Types of the folders' partitions (default: string)",
      },
    ],
    examples: [
      { line: "sluice convert ./export/orders", about: "a log beside the files" },
      { line: "sluice convert ./export/orders --partition-types day=date", about: "folders called day=2026-01-31" },
    ],
    load: async () => (await import("./commands/convert.ts")).convert,
  },
  {
    name: "clone",
    about: "Make a table of another one's files, without copying any (shallow clone)",
    usage: "<table | path> <target path>",
    positionals: { least: 2, most: 2 },
    flags: [
      { name: "version", value: "n", about: "The table as of this version" },
      { name: "timestamp", value: "time", about: "The table as of this moment (2026-01-31T12:00:00Z)" },
      ALLOW_FILES,
    ],
    examples: [
      { line: "sluice clone silver.orders ./try/orders", about: "to try something on all of its rows" },
      { line: "sluice read ./try/orders --allow-files-from ./lake/silver/orders", about: "a clone is read so" },
    ],
    load: async () => (await import("./commands/clone.ts")).clone,
  },
  {
    name: "vacuum",
    about: "Remove files that left a table, or that no commit names, longer ago than a week",
    usage: "<table | path>",
    positionals: { least: 1, most: 1 },
    flags: [
      DRY_RUN,
      { name: "retain-hours", value: "n", about: "Keep what left so many hours ago (default: the table's, else 168)" },
      { name: "allow-short-retention", about: "Also fewer hours than the table's: nobody else reads or writes it now" },
      ALLOW_FILES,
    ],
    examples: [
      { line: "sluice vacuum silver.orders --dry-run", about: "what would be removed" },
      { line: "sluice vacuum ./lake/silver/orders --retain-hours 720", about: "keep a month of old versions readable" },
    ],
    load: async () => (await import("./commands/vacuum.ts")).vacuum,
  },
  {
    name: "clean-log",
    about: "Remove versions older than 30 days from a table's log",
    usage: "<table | path>",
    positionals: { least: 1, most: 1 },
    flags: [
      DRY_RUN,
      { name: "retain-days", value: "n", about: "Keep so many days of versions (default: the table's, else 30)" },
      ALLOW_FILES,
    ],
    examples: [{ line: "sluice clean-log silver.orders --dry-run", about: "how far back the log would reach" }],
    load: async () => (await import("./commands/clean-log.ts")).cleanLog,
  },
  {
    name: "restore",
    about: "Give a table the content and schema of an older version, in a new one",
    usage: "<table | path>",
    positionals: { least: 1, most: 1 },
    flags: [
      { name: "version", value: "n", about: "The version to go back to" },
      { name: "timestamp", value: "time", about: "The version of this moment (2026-01-31T12:00:00Z)" },
      { name: "allow-expired-files", about: "Also files older than the table's retention: no vacuum is at work now" },
      DRY_RUN,
      { name: "yes", short: "y", about: "Do not ask" },
      ALLOW_FILES,
    ],
    examples: [
      { line: "sluice restore silver.orders --version 12 --dry-run", about: "what would come back and go" },
      { line: "sluice restore ./orders --timestamp 2026-01-31T12:00:00Z --yes", about: "any Delta table" },
    ],
    load: async () => (await import("./commands/restore.ts")).restore,
  },
  {
    name: "trace",
    about: "Follow a row back to its Bronze rows, batch, source file and original record",
    usage: "<table> <key>",
    positionals: { least: 2, most: 2 },
    flags: [{ name: "record", about: "Also the original record, rebuilt from Bronze in the source's own form" }],
    examples: [
      { line: "sluice trace silver.orders 'A-1007'", about: "parts of a key are separated by |" },
      { line: "sluice trace gold.daily_sales '2026-01-31|books' --record", about: "from a figure to the records" },
    ],
    load: async () => (await import("./commands/trace.ts")).trace,
  },
];
