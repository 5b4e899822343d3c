import type { TableName } from "../contract/index.ts";
import type { TableDefinition } from "../definition/index.ts";

/** The tables that a table reads. */
export function inputsOf(definition: TableDefinition): readonly TableName[] {
  switch (definition.layer) {
    case "bronze":
      return [];
    case "silver":
      return [definition.from, ...definition.joins.map((join) => join.table)];
    case "gold":
      return definition.reads;
  }
}
