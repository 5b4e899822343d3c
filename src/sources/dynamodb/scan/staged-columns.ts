import type { Shape } from "../columns/shapes.ts";
import type { ColumnKind } from "../../staged/index.ts";

/**
 * The columns of a staged file: one for what the contract needs and the scanner knows, and one for each leaf of the
 * record. Maps are flattened – a boolean column tells whether the map is there –; a list of scalars is a list;
 * any deeper list is plain JSON without tags, which the engine turns into its type.
 */
export const EVENT_COLUMNS = {
  /** `_event_id` without the key. */
  event: { name: "event", physical: "bytes", logical: "text", isList: false },
  operation: { name: "operation", physical: "bytes", logical: "text", isList: false },
  key: { name: "key", physical: "bytes", logical: "text", isList: false },
  sequence: { name: "sequence", physical: "bytes", logical: "text", isList: false },
  time: { name: "time", physical: "long", logical: "timestamp", isList: false },
  file: { name: "file", physical: "bytes", logical: "text", isList: false },
  before: { name: "before", physical: "bytes", logical: "text", isList: false },
  /** JSON object that all rows of a file share. */
  meta: { name: "meta", physical: "bytes", logical: "text", isList: false },
  /** JSON object of what only this row has beside it. */
  extra: { name: "extra", physical: "bytes", logical: "text", isList: false },
  rescued: { name: "rescued", physical: "bytes", logical: "text", isList: false },
} as const satisfies Record<string, ColumnKind>;

/** The column of a shape itself, without those of a map's members. */
export function ownColumn(path: readonly string[], shape: Shape): ColumnKind | undefined {
  const name = stagedName(path);
  switch (shape.tag) {
    case "S":
    case "N":
      return { name, physical: "bytes", logical: "text", isList: false };
    case "B":
      return { name, physical: "bytes", logical: "none", isList: false };
    case "BOOL":
    case "M":
      return { name, physical: "boolean", logical: "none", isList: false };
    case "SS":
    case "NS":
      return { name, physical: "bytes", logical: "text", isList: true };
    case "BS":
      return { name, physical: "bytes", logical: "none", isList: true };
    case "L": {
      if (!isScalarList(shape)) return { name, physical: "bytes", logical: "text", isList: false };
      const element = shape.element === undefined ? undefined : ownColumn(path, shape.element);
      return element === undefined ? undefined : { ...element, isList: true };
    }
    case "foreign":
      return undefined;
  }
}

/** All columns of an attribute, its own first. */
export function columnsOf(path: readonly string[], shape: Shape): readonly ColumnKind[] {
  const own = ownColumn(path, shape);
  const columns = own === undefined ? [] : [own];
  if (shape.tag === "M") {
    for (const [name, member] of shape.members) columns.push(...columnsOf([...path, name], member));
  }
  return columns;
}

/** Whether a shape is a list that is staged as a list column; any other list is staged as JSON. */
export function isScalarList(shape: Shape): boolean {
  return shape.tag === "L" && shape.element !== undefined && ["S", "N", "B", "BOOL"].includes(shape.element.tag);
}

/** Different for different paths, also without regard to case; never the name of an event column. */
export function stagedName(path: readonly string[]): string {
  return JSON.stringify(path);
}
