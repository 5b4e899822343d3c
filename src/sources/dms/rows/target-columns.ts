import { SluiceError } from "../../../base/index.ts";
import {
  CONTRACT_COLUMNS,
  field,
  isReservedName,
  sameType,
  struct,
  type DataType,
  type StructType,
} from "../../../contract/index.ts";
import { isTopLevelName } from "../../staged/index.ts";

export interface NamedType {
  readonly name: string;
  readonly type: DataType;
}

/** The record's columns of a Bronze table, by name in their order; every other column is rescued. */
export type TargetColumns = ReadonlyMap<string, DataType>;

/**
 * The columns that the table has, those that hints ask for and those that files bring: a type never changes once it is there.
 * A name of ours, one that no table can have (`Order Date`), one that differs from another in case only, and what comes past the cap has no column.
 */
export function targetColumns(
  known: StructType | undefined,
  { hints, found, columnsMax }: { hints: readonly NamedType[]; found: readonly NamedType[]; columnsMax: number },
): TargetColumns {
  const columns = new Map<string, DataType>();
  const taken = new Set<string>();
  const add = ({ name, type }: NamedType): void => {
    columns.set(name, type);
    taken.add(name.toLowerCase());
  };
  for (const one of known?.fields ?? []) if (!isReservedName(one.name)) add(one);
  const hinted = new Map(hints.map(({ name, type }) => [name, type]));
  for (const hint of hints) checkHint(hint, columns.get(hint.name), taken.has(hint.name.toLowerCase()));
  for (const { name, type } of [...found, ...hints]) {
    if (taken.has(name.toLowerCase()) || !isTopLevelName(name) || columns.size >= columnsMax) continue;
    add({ name, type: hinted.get(name) ?? type });
  }
  return columns;
}

function checkHint(hint: NamedType, present: DataType | undefined, isTaken: boolean): void {
  if (present === undefined && isTaken) refuse(hint, "in another spelling");
  if (present !== undefined && !sameType(present, hint.type)) refuse(hint, "with another type");
}

/** The Bronze schema with these columns. */
export function schemaWith(known: StructType | undefined, columns: TargetColumns): StructType {
  const present = known?.fields ?? CONTRACT_COLUMNS;
  const names = new Set(present.map(({ name }) => name));
  const added = [...columns].filter(([name]) => !names.has(name));
  return struct([...present, ...added.map(([name, type]) => field(name, type))]);
}

function refuse({ name, type }: NamedType, why: string): never {
  throw new SluiceError("plan.refused", `Cannot type column ${JSON.stringify(name)}: the table has it ${why}`, {
    facts: { hint: JSON.stringify(type) },
    advice: "Types in Bronze never change: take the hint away and cast in Silver.",
  });
}
