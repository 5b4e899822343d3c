import type { CommandEntry } from "../command.ts";

export const DOCTOR: CommandEntry = {
  name: "doctor",
  about: "Look at the definition, its sources and this machine: what fits, what will break; writes nothing",
  usage: "",
  positionals: { least: 0, most: 0 },
  flags: [
    { name: "freshness", value: "time", about: 'How old a record may be in Silver (default "1 hour")' },
    { name: "outage", value: "time", about: 'How long runs may be missed without a loss (default "24 hours")' },
    {
      name: "dms-statistics",
      value: "file",
      about: "What `aws dms describe-table-statistics` printed: compared with what Bronze has",
    },
    { name: "iam", about: "Print the least IAM policy that the lake needs instead" },
    { name: "account", value: "digits", about: "With --iam: the AWS account of the tables (default: any)" },
  ],
  examples: [
    { line: "sluice doctor", about: "what fits and what will break, with the next line to type" },
    { line: 'sluice doctor --freshness "5 min" --outage "3 days"', about: "for these wishes" },
    { line: "sluice doctor --iam --account 123456789012 > policy.json", about: "what the lake must be allowed" },
  ],
  load: async () => (await import("./doctor.ts")).doctor,
};
