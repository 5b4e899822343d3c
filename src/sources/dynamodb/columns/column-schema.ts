import { SluiceError } from "../../../base/index.ts";
import {
  CONTRACT_COLUMNS,
  TAG_KEY,
  arrayOf,
  field,
  isArray,
  isReservedName,
  isStruct,
  sameType,
  struct,
  type DataType,
  type FieldMetadata,
  type StructField,
  type StructType,
} from "../../../contract/index.ts";
import { Spellings, type ScalarShape, type Shape } from "./shapes.ts";

/** The tag of a list's elements, beside the list's own tag: `S`, `M`, and for lists of lists `L<S>`. */
const ELEMENT_KEY = "sluice.dynamodb.element";

/** The shapes of a Bronze table's record columns. A column without our tag is somebody else's. */
export function shapesOf(schema: StructType | undefined): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const column of schema?.fields ?? []) {
    if (!isReservedName(column.name)) shapes.set(column.name, shapeOf(column));
  }
  return shapes;
}

export function shapeOf(column: StructField): Shape {
  const tag = column.metadata[TAG_KEY];
  const element = column.metadata[ELEMENT_KEY];
  return typeof tag === "string" ? taggedShape(tag, column.type, typeof element === "string" ? element : "") : FOREIGN;
}

const FOREIGN: Shape = { tag: "foreign" };

/** The schema of the Bronze table once it holds the shapes: fields that are there stay as they are, new ones follow. */
export function schemaOf(known: StructType | undefined, shapes: ReadonlyMap<string, Shape>): StructType {
  return struct(fieldsOf(known?.fields ?? CONTRACT_COLUMNS, shapes));
}

/** Fails unless the table's columns are what the hints say. */
export function checkHints(known: ReadonlyMap<string, Shape>, hinted: ReadonlyMap<string, Shape>): void {
  const spellings = new Spellings(known.keys());
  for (const [name, shape] of hinted) {
    const present = known.get(name);
    if (present === undefined && spellings.has(name)) {
      throw new SluiceError(
        "plan.refused",
        `Cannot type column ${JSON.stringify(name)}: the table has it in another spelling`,
      );
    }
    if (present !== undefined && !sameType(typeOf(present), typeOf(shape))) {
      throw new SluiceError(
        "plan.refused",
        `Cannot type column ${JSON.stringify(name)}: the table has it with another type`,
        {
          facts: { hint: JSON.stringify(typeOf(shape)) },
          advice: "Types in Bronze never change: take the hint away and cast in Silver.",
        },
      );
    }
  }
}

function typeOf(shape: Shape): DataType {
  switch (shape.tag) {
    case "S":
    case "N":
    case "B":
    case "BOOL":
      return shape.type;
    case "SS":
    case "NS":
      return arrayOf("string");
    case "BS":
      return arrayOf("binary");
    case "L":
      return arrayOf(shape.element === undefined ? "string" : typeOf(shape.element));
    case "M":
      return struct(fieldsOf([], shape.members));
    case "foreign":
      return "string";
  }
}

function fieldsOf(present: readonly StructField[], shapes: ReadonlyMap<string, Shape>): readonly StructField[] {
  const names = new Set(present.map((column) => column.name));
  const kept = present.map((column) => {
    const shape = shapes.get(column.name);
    return shape === undefined ? column : { ...column, type: widened(column.type, shape) };
  });
  const added = [...shapes].flatMap(([name, shape]) => (names.has(name) ? [] : [field(name, typeOf(shape), metadataOf(shape))])); // prettier-ignore
  return [...kept, ...added];
}

function widened(type: DataType, shape: Shape): DataType {
  if (isStruct(type) && shape.tag === "M") return { ...type, fields: fieldsOf(type.fields, shape.members) };
  if (isArray(type) && shape.tag === "L" && shape.element !== undefined) {
    return { ...type, elementType: widened(type.elementType, shape.element) };
  }
  return type;
}

function metadataOf(shape: Shape): FieldMetadata {
  if (shape.tag !== "L" || shape.element === undefined) return { [TAG_KEY]: shape.tag };
  return { [TAG_KEY]: "L", [ELEMENT_KEY]: elementText(shape.element) };
}

function elementText(shape: Shape): string {
  return shape.tag === "L" && shape.element !== undefined ? `L<${elementText(shape.element)}>` : shape.tag;
}

function taggedShape(tag: string, type: DataType, element: string): Shape {
  switch (tag) {
    case "S":
    case "N":
    case "B":
    case "BOOL":
      return typeof type === "string" ? ({ tag, type } satisfies ScalarShape) : FOREIGN;
    case "SS":
    case "NS":
    case "BS":
      return { tag };
    case "L":
      return isArray(type) ? { tag, element: elementShape(element, type.elementType) } : FOREIGN;
    case "M":
      return isStruct(type) ? { tag, members: new Map(type.fields.map((one) => [one.name, shapeOf(one)])) } : FOREIGN;
    default:
      return FOREIGN;
  }
}

function elementShape(text: string, type: DataType): Shape {
  const inner = /^L<(.*)>$/.exec(text)?.[1];
  return inner === undefined ? taggedShape(text, type, "") : taggedShape("L", type, inner);
}
