/** A rule over each row of a table. */
export interface Rule {
  readonly name: string;
  /** SQL over the table's columns; a row passes when it is true (null does not pass). */
  readonly condition: string;
  readonly action: "warn" | "drop" | "quarantine" | "fail";
  /** Share of the judged rows that may violate the rule before the run of this table fails. */
  readonly atMost?: number;
}
