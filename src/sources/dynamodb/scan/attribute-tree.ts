import type { PrimitiveName } from "../../../contract/index.ts";
import { Pattern } from "./json-bytes.ts";
import { NameTable, type Named } from "./name-table.ts";
import type { Shape } from "../columns/shapes.ts";
import { isScalarList, ownColumn } from "./staged-columns.ts";
import { BooleanColumn, BytesColumn, type Column } from "../../staged/index.ts";

/** How the bytes of a value go into its column. */
export type Treatment =
  | "text"
  | "number"
  | "binary"
  | "boolean"
  | "map"
  | "texts"
  | "binaries"
  | "booleans"
  | "json"
  | "none";

/** A known attribute, or member of a map, at its place: how it is spelt and where its values go. */
export class Member implements Named<Member> {
  readonly name: string;
  readonly path: readonly string[];
  readonly treatment: Treatment;
  readonly spelling: Pattern;
  /** The spelling up to where the value's own part begins: `"name":{"S":"`, `"name":{"M":`, `"name":{"SS":[`. */
  readonly head: Pattern;
  /** What an element of a list of scalars begins with: `{"S":"`; an element of a set: `"`. */
  readonly elementHead: Pattern;
  /** undefined exactly for maps and booleans, and for columns that are not ours. */
  readonly bytes: BytesColumn | undefined;
  /** Values of booleans; for a map, whether it is there. */
  readonly booleans: BooleanColumn | undefined;
  readonly members: NameTable<Member> | undefined;
  readonly numberType: PrimitiveName;
  shape: Shape;
  json: JsonShape | undefined;
  /** Index among the key attributes; -1 for all others. */
  keyIndex = -1;
  next: Member | undefined;
  /** The object that it was last seen in: twice in one object is a duplicate name. */
  seenIn = 0;

  constructor(path: readonly string[], shape: Shape) {
    this.path = path;
    this.name = path.at(-1) ?? "";
    this.shape = shape;
    this.treatment = treatmentOf(shape);
    this.numberType = shape.tag === "N" ? shape.type : "string";
    this.spelling = new Pattern(`"${this.name}":`);
    this.head = new Pattern(`"${this.name}":{"${shape.tag}":${OPENING[this.treatment]}`);
    this.elementHead = new Pattern(shape.tag === "L" && shape.element !== undefined ? headOf(shape.element) : '"');
    const kind = ownColumn(path, shape);
    this.bytes = kind?.physical === "bytes" ? new BytesColumn(kind) : undefined;
    this.booleans = kind?.physical === "boolean" ? new BooleanColumn(kind) : undefined;
    this.members = shape.tag === "M" ? new NameTable<Member>() : undefined;
    this.widen(shape);
  }

  /** Takes a shape that holds what the present one holds, and more. Columns stay. */
  widen(shape: Shape): void {
    this.shape = shape;
    if (this.treatment === "json" && shape.tag === "L") this.json = new JsonShape(shape);
    if (shape.tag === "M" && this.members !== undefined) widenMembers(this.members, shape.members, this.path);
  }
}

/** Brings a table of members to the shapes. */
export function widenMembers(
  table: NameTable<Member>,
  shapes: ReadonlyMap<string, Shape>,
  path: readonly string[],
): void {
  for (const [name, shape] of shapes) {
    const member = table.byName.get(name);
    if (member === undefined) table.add(new Member([...path, name], shape));
    else if (member.shape !== shape) member.widen(shape);
  }
}

/** The columns of all members, however deep. */
export function* columnsBelow(table: NameTable<Member>): Generator<Column> {
  for (const member of table.byName.values()) {
    if (member.bytes !== undefined) yield member.bytes;
    if (member.booleans !== undefined) yield member.booleans;
    if (member.members !== undefined) yield* columnsBelow(member.members);
  }
}

/** A shape inside a list that is staged as JSON. */
export class JsonShape {
  readonly tag: Shape["tag"];
  /** `{"S":` */
  readonly head: Pattern;
  readonly element: JsonShape | undefined;
  readonly members: NameTable<JsonMember> | undefined;

  constructor(shape: Shape) {
    this.tag = shape.tag;
    this.head = new Pattern(`{"${shape.tag}":`);
    this.element = shape.tag === "L" && shape.element !== undefined ? new JsonShape(shape.element) : undefined;
    if (shape.tag !== "M") return;
    this.members = new NameTable<JsonMember>();
    for (const [name, member] of shape.members) this.members.add(new JsonMember(name, member));
  }
}

export class JsonMember implements Named<JsonMember> {
  readonly name: string;
  readonly spelling: Pattern;
  readonly shape: JsonShape;
  next: JsonMember | undefined;
  seenIn = 0;

  constructor(name: string, shape: Shape) {
    this.name = name;
    this.spelling = new Pattern(`"${name}":`);
    this.shape = new JsonShape(shape);
  }
}

const OPENING = {
  text: '"',
  number: '"',
  binary: '"',
  boolean: "",
  map: "",
  texts: "[",
  binaries: "[",
  booleans: "[",
  json: "",
  none: "",
} as const satisfies Record<Treatment, string>;

function treatmentOf(shape: Shape): Treatment {
  switch (shape.tag) {
    case "S":
      return "text";
    case "N":
      return shape.type === "string" ? "text" : "number";
    case "B":
      return "binary";
    case "BOOL":
      return "boolean";
    case "M":
      return "map";
    case "SS":
    case "NS":
      return "texts";
    case "BS":
      return "binaries";
    case "L":
      return isScalarList(shape) && shape.element !== undefined ? LISTS[shape.element.tag] : "json";
    case "foreign":
      return "none";
  }
}

const LISTS = {
  S: "texts",
  N: "texts",
  B: "binaries",
  BOOL: "booleans",
  SS: "json",
  NS: "json",
  BS: "json",
  L: "json",
  M: "json",
  foreign: "none",
} as const satisfies Record<Shape["tag"], Treatment>;

function headOf(element: Shape): string {
  return element.tag === "BOOL" ? '{"BOOL":' : `{"${element.tag}":"`;
}
