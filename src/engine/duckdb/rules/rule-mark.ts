/** Begins the message of every row that breaks a rule of the table, so that the failure can be told from others. */
export const RULE_MARK = "a row breaks ";
