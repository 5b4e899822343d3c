import { SluiceError, isFailure, type World } from "../../../base/index.ts";
import type { StructType } from "../../../contract/index.ts";
import { identityColumns, tableRules, type TableMetadata } from "../../../delta/index.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-text.ts";
import type { Session } from "../session.ts";
import { identitySql } from "./identities.ts";
import { RULE_MARK } from "./rule-mark.ts";
import { engineExpression } from "./spark-expression.ts";

/** Name of the rows that the expressions of rules speak of. */
const ROW = "r";

export interface RulesSql {
  /** What a column is where the rows do not have it: over the columns of the table that they have. */
  readonly missing: ReadonlyMap<string, string>;
  readonly generated: ReadonlyMap<string, string>;
  /** Wraps rows in the table's columns: those that break a rule fail when they are read. */
  readonly checked: (sql: string) => Promise<string>;
  /** The rows among them that break a rule. */
  readonly broken: (sql: string) => Promise<string>;
}

/**
 * A table's rules in the engine's SQL; undefined for a table that has none. A rule that does not mean the same here fails with
 * `table.unsupported`, before anything is written.
 */
export function rulesSql(
  session: Session,
  { metadata, tableName, world }: { metadata: TableMetadata; tableName: string; world: World },
): RulesSql | undefined {
  const { checks, generated, defaults } = tableRules(metadata);
  const { schema, partitionColumns } = metadata;
  const identities = identityColumns(schema);
  if (checks.length + generated.size + defaults.size + identities.length === 0) return undefined;
  const nowMicros = BigInt(Math.floor(world.nowMs())) * 1000n;
  const inEngine = (expression: string, of: StructType = schema): string =>
    engineExpression(expression, { schema: of, row: ROW, nowMicros });
  const computed = new Map([...generated].map(([name, expression]) => [name, inEngine(expression)]));
  const nothing: StructType = { type: "struct", fields: [] };
  const given = new Map([...defaults].map(([name, expression]) => [name, inEngine(expression, nothing)]));
  for (const identity of identities) given.set(identity.name, identitySql(identity, tableName));
  const rules = [
    ...checks.map(({ name, expression }) => ({ what: `${name}: ${expression}`, sql: inEngine(expression) })),
    ...[...computed].map(([name, sql]) => ({
      what: `generated column ${name}: ${generated.get(name) ?? ""}`,
      sql: `${ROW}.${quoteIdentifier(name)} IS NOT DISTINCT FROM (${sql})`,
    })),
  ];
  // A partition column may be left out of what is written: its value is known before.
  const carrier = schema.fields.find((field) => !partitionColumns.includes(field.name)) ?? schema.fields[0];
  return {
    missing: given,
    generated: computed,
    broken: async (sql) => {
      await assertUnderstood(session, { rules, sql, tableName });
      const isBroken = rules.map((rule) => `(${rule.sql}) IS NOT TRUE`).join(" OR ");
      return `SELECT * FROM (${sql}) ${ROW} WHERE ${isBroken}`;
    },
    checked: async (sql) => {
      if (rules.length === 0 || carrier === undefined) return sql;
      await assertUnderstood(session, { rules, sql, tableName });
      const broken = rules.map(
        (rule) => `WHEN (${rule.sql}) IS NOT TRUE THEN error(${quoteLiteral(messageOf(rule, tableName))})`,
      );
      const name = quoteIdentifier(carrier.name);
      const value = `CASE ${broken.join(" ")} ELSE ${ROW}.${name} END AS ${name}`;
      return `SELECT ${ROW}.* REPLACE (${value}) FROM (${sql}) ${ROW}`;
    },
  };
}

interface Rule {
  readonly what: string;
  readonly sql: string;
}

function messageOf(rule: Rule, tableName: string): string {
  return `${RULE_MARK}${rule.what.replaceAll("\n", " ")} of ${tableName}`;
}

/** Types may still say no. */
async function assertUnderstood(
  session: Session,
  { rules, sql, tableName }: { rules: readonly Rule[]; sql: string; tableName: string },
): Promise<void> {
  for (const rule of rules) {
    try {
      await session.columns(`SELECT (${rule.sql}) IS NOT TRUE FROM (${sql}) ${ROW}`, { what: `check ${rule.what}` });
    } catch (error) {
      if (!isFailure(error, "engine.failed")) throw error;
      throw new SluiceError(
        "table.unsupported",
        `Cannot write to table ${tableName}: ${rule.what} cannot be evaluated`,
        {
          cause: error,
        },
      );
    }
  }
}
