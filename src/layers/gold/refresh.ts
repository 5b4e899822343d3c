import { SluiceError } from "../../base/index.ts";
import { field, isPassingName, sameType, struct, type StructType, type TableName } from "../../contract/index.ts";
import { columnMetadata, definitionFingerprint, type GoldDefinition } from "../../definition/index.ts";
import { isOnlyRearranged, type TxnClaim } from "../../delta/index.ts";
import {
  quoteIdentifier,
  quoteLiteral,
  sqlTypeOf,
  type Input,
  type OpenTable,
  type Relation,
} from "../../engine/index.ts";
import { judge, judgementCounts, violatedRules, type RuleCounts, type Verdict } from "../../quality/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { partitionValue } from "../partition-value.ts";
import { setAside } from "../quarantine/quarantine.ts";
import { FINGERPRINT_PROPERTY, clusterProperties, meaningProperties } from "../table-meaning.ts";

export interface GoldOutcome {
  /** False when the inputs and the definition are those of the table's newest version. */
  readonly changed: boolean;
  readonly version: number | undefined;
  readonly counts: RuleCounts;
  readonly verdict: Verdict;
}

const NOT_JUDGED: RuleCounts = { judged: 0, passed: 0, violations: {} };

/**
 * Computes a Gold table anew from pinned versions of its inputs, in one commit that records them
 * (`txn` `<input table id>/gold/<input>` = the input's version); nothing is done when none of them moved.
 */
export async function refreshGold(
  context: LayerContext,
  definition: GoldDefinition,
  { force = false }: { readonly force?: boolean } = {},
): Promise<GoldOutcome> {
  const inputs = await pinInputs(context, definition);
  const gold = await openNewest(context.tables.place("gold", definition.name.slice("gold.".length)));
  if (!force && (await isCurrent(definition, gold, inputs))) {
    return {
      changed: false,
      version: gold.snapshot?.version,
      counts: NOT_JUDGED,
      verdict: judge(NOT_JUDGED, definition.rules),
    };
  }
  const result = await typedResult(context, definition, goldRelation(definition, inputs));
  if (definition.rules.length === 0) {
    const version = await publish(context, definition, { gold, inputs, result });
    return { changed: true, version, counts: NOT_JUDGED, verdict: judge(NOT_JUDGED, definition.rules) };
  }
  return await publishJudged(context, definition, { gold, inputs, result });
}

/** The tables that a Gold query reads, at the versions it will read. */
export type PinnedInputs = ReadonlyMap<TableName, OpenTable>;

async function pinInputs(context: LayerContext, definition: GoldDefinition): Promise<PinnedInputs> {
  const inputs = new Map<TableName, OpenTable>();
  for (const name of definition.reads) {
    const table = await openNewest(placeOf(context, name));
    if (table.snapshot === undefined) {
      throw new SluiceError("table.missing", `Cannot refresh ${definition.name}: ${name} has no rows yet`, {
        facts: { table: definition.name, input: name },
        advice: `Look at why ${name} was not built in this run: \`sluice status\`.`,
      });
    }
    inputs.set(name, table);
  }
  return inputs;
}

/** The query over its inputs: a Silver name means its live rows, `<name>$with_deleted` all of them. */
function goldRelation(definition: GoldDefinition, inputs: PinnedInputs): Relation {
  return { sql: definition.query, inputs: namedInputs(inputs) };
}

/** Inputs under the names by which definitions and queries call tables. */
export function namedInputs(tables: ReadonlyMap<string, OpenTable>): Readonly<Record<string, Input>> {
  const inputs: Record<string, Input> = {};
  for (const [name, table] of tables) {
    const all: Input = { kind: "table", table };
    const live: Relation = { sql: "SELECT * FROM all_rows WHERE NOT _is_deleted", inputs: { all_rows: all } };
    inputs[name] = name.startsWith("silver.") ? { kind: "relation", relation: live } : all;
    if (name.startsWith("silver.")) inputs[`${name}$with_deleted`] = all;
  }
  return inputs;
}

/** Recorded in Gold's `txn`s: what it was computed from. */
export function inputAppId(inputTableId: string, input: TableName): string {
  return `${inputTableId}/gold/${input}`;
}

async function isCurrent(definition: GoldDefinition, gold: OpenTable, inputs: PinnedInputs): Promise<boolean> {
  const { snapshot } = gold;
  if (snapshot === undefined) return false;
  if (snapshot.metadata.configuration[FINGERPRINT_PROPERTY] !== definitionFingerprint(definition)) return false;
  for (const [name, input] of inputs) {
    if (input.snapshot === undefined) return false;
    const pinned = snapshot.txns.get(inputAppId(input.snapshot.metadata.id, name))?.version ?? -1;
    if (!(await isOnlyRearranged(input.log, pinned, input.snapshot.version))) return false;
  }
  return true;
}

/** The result with declared types and computed partition columns; its schema carries the columns' meaning. */
async function typedResult(
  context: LayerContext,
  definition: GoldDefinition,
  query: Relation,
): Promise<{ relation: Relation; schema: StructType }> {
  const found = await context.engine.schemaOf(query);
  const hints = new Map(definition.columns.map((hint) => [hint.name, hint]));
  const columns = found.fields.map((column) => {
    const hint = hints.get(column.name);
    return hint === undefined ? column : field(column.name, hint.type, columnMetadata(hint.meaning));
  });
  for (const hint of definition.columns) {
    if (found.fields.some((column) => column.name === hint.name)) continue;
    throw new SluiceError("plan.refused", `Cannot refresh ${definition.name}: the query gives no column ${hint.name}`, {
      facts: { table: definition.name, column: hint.name },
    });
  }
  refuseOwnNames(definition, found);
  const casts = columns.map((column) => {
    const name = quoteIdentifier(column.name);
    return hints.has(column.name) ? `CAST(${name} AS ${sqlTypeOf(column.type)}) AS ${name}` : name;
  });
  const names = new Set(columns.map((column) => column.name));
  const computed = definition.partitionBy.filter((partition) => !names.has(partition.name));
  const partitions = computed.map((partition) => `${partitionValue(partition)} AS ${quoteIdentifier(partition.name)}`);
  const relation: Relation = {
    sql: `SELECT ${[...casts, ...partitions].join(", ")} FROM query`,
    inputs: { query: { kind: "relation", relation: query } },
  };
  if (partitions.length === 0) return { relation, schema: struct(columns) };
  const schema = await context.engine.schemaOf(relation);
  return {
    relation,
    schema: struct(schema.fields.map((one) => columns.find((column) => column.name === one.name) ?? one)),
  };
}

function refuseOwnNames(definition: GoldDefinition, { fields }: StructType): void {
  const own = fields.find((column) => isPassingName(column.name));
  if (own === undefined) return;
  throw new SluiceError("plan.refused", `Cannot refresh ${definition.name}: ${own.name} is a name of Sluice's own`, {
    facts: { table: definition.name, column: own.name },
    advice: "Give the query's column another name.",
  });
}

interface Publication {
  readonly gold: OpenTable;
  readonly inputs: PinnedInputs;
  readonly result: { readonly relation: Relation; readonly schema: StructType };
}

async function publish(context: LayerContext, definition: GoldDefinition, publication: Publication): Promise<number> {
  const { gold, inputs, result } = publication;
  const properties = {
    ...meaningProperties(definition.meaning),
    ...clusterProperties(definition.clusterBy, gold.snapshot),
    ...definition.properties,
    [FINGERPRINT_PROPERTY]: definitionFingerprint(definition),
  };
  const description = definition.meaning.description;
  const described = { ...(description === undefined ? {} : { description }), properties };
  const changed = gold.snapshot !== undefined && !sameType(gold.snapshot.metadata.schema, result.schema);
  const outcome = await context.engine.overwrite(gold, result.relation, {
    create: {
      name: definition.name,
      ...described,
      schema: result.schema,
      partitionColumns: definition.partitionBy.map((partition) => partition.name),
    },
    describe: described,
    ...(changed ? { replaceSchema: result.schema } : {}),
    txns: inputClaims(gold, inputs),
    operationParameters: { run: context.run },
  });
  if (outcome.kind === "nothing") throw new SluiceError("internal.bug", "A Gold commit with txns cannot be nothing");
  return outcome.version;
}

/** Claims the version of every input; refused when another process has published in the meantime. */
function inputClaims(gold: OpenTable, inputs: PinnedInputs): TxnClaim[] {
  return [...inputs].map(([name, input]) => {
    const appId = inputAppId(input.snapshot?.metadata.id ?? "", name);
    return { appId, version: input.snapshot?.version ?? 0, expected: gold.snapshot?.txns.get(appId)?.version ?? -1 };
  });
}

async function publishJudged(
  context: LayerContext,
  definition: GoldDefinition,
  publication: Publication,
): Promise<GoldOutcome> {
  const { engine } = context;
  const { rules } = definition;
  const [first] = [...publication.inputs.values()];
  await using judged = await engine.scratch({
    sql: `SELECT *, ${violatedRules(rules)} AS __violated FROM result`,
    inputs: { result: { kind: "relation", relation: publication.result.relation } },
  });
  const scratch: Input = { kind: "scratch", scratch: judged };
  const [row] = await engine.rows({
    sql: `SELECT ${judgementCounts(rules, "__violated", "true")} FROM judged`,
    inputs: { judged: scratch },
  });
  const counts = countsOf(definition, row ?? {});
  const verdict = judge(counts, rules);
  const [failure] = verdict.failures;
  if (failure !== undefined) {
    throw new SluiceError(
      failure.kind === "failed" ? "quality.failed" : "quality.threshold",
      `Cannot refresh ${definition.name}: rule ${failure.rule} is broken by too many rows`,
      {
        facts: { rule: failure.rule, violations: failure.violations, judged: failure.judged, allowed: failure.allowed },
      },
    );
  }
  const outside = rules.filter((rule) => rule.action === "quarantine").map((rule) => quoteLiteral(rule.name));
  const removed = rules
    .filter((rule) => rule.action === "drop" || rule.action === "quarantine")
    .map((rule) => quoteLiteral(rule.name));
  if (outside.length > 0) {
    await setAside(context, definition.name, goldRejects(definition, scratch, outside, first?.snapshot?.version ?? 0));
  }
  const kept = removed.length === 0 ? "true" : `NOT list_has_any(__violated, [${removed.join(", ")}])`;
  const relation: Relation = {
    sql: `SELECT * EXCLUDE (__violated) FROM judged WHERE ${kept}`,
    inputs: { judged: scratch },
  };
  const version = await publish(context, definition, { ...publication, result: { ...publication.result, relation } });
  return { changed: true, version, counts, verdict };
}

/** A Gold row has no event behind it: it is named by its content and the version of the first input. */
function goldRejects(definition: GoldDefinition, judged: Input, rules: readonly string[], version: number): Relation {
  return {
    sql: `SELECT md5(CAST(to_json(j) AS VARCHAR)) || '@' || ${version} AS _quarantine_id, ${quoteLiteral(definition.name)} AS table_name,
      list_transform(list_filter(__violated, lambda rule: rule IN (${rules.join(", ")})), lambda rule: 'rule:' || rule) AS reasons,
      CAST(NULL AS VARCHAR) AS _key, CAST(NULL AS VARCHAR) AS _sequence, CAST(NULL AS VARCHAR) AS _event_id, CAST(NULL AS BIGINT) AS _batch_id,
      CAST(NULL AS VARCHAR) AS _ingest_file, CAST(NULL AS BIGINT) AS line, CAST(NULL AS BIGINT) AS byte_offset, CAST(NULL AS TIMESTAMPTZ) AS _source_ts,
      CAST(to_json(j) AS VARCHAR) AS raw, 'json' AS raw_encoding FROM judged j WHERE list_has_any(__violated, [${rules.join(", ")}])`,
    inputs: { judged },
  };
}

function countsOf(definition: GoldDefinition, row: Readonly<Record<string, unknown>>): RuleCounts {
  return {
    judged: Number(row["judged"] ?? 0),
    passed: Number(row["passed"] ?? 0),
    violations: Object.fromEntries(
      definition.rules.map((rule, index) => [rule.name, Number(row[`violations_${index}`] ?? 0)]),
    ),
  };
}
