import { decimalText } from "../row-values.ts";
import { dayText, floatText, timeText, timestampText } from "./variant-text.ts";
import { VariantBytes } from "./variant-bytes.ts";

/** Deeper ones exhaust the stack of whoever reads them. */
const DEPTH_MAX = 500;
/** Parts of a value may stand for one another, so that few bytes come to endless text. */
const TEXT_MAX = 64 * 2 ** 20;

/**
 * A value of type variant as JSON text (Parquet, "Variant Binary Encoding"; the text is that of Spark's `to_json`, except that decimals keep
 * their zeros). Numbers have all their digits; what JSON has no form for is text: dates and times, bytes in base64, UUIDs, NaN and
 * infinities. Bytes that are no variant fail with a RangeError that says what is wrong with them.
 */
export function variantJson(metadata: Uint8Array, value: Uint8Array, textMax = TEXT_MAX): string {
  const writer = new VariantWriter(namesOf(new VariantBytes(metadata)), new VariantBytes(value), textMax);
  return writer.text();
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The dictionary of the members' names. */
function namesOf(bytes: VariantBytes): (id: number) => string {
  const header = bytes.unsigned(0, 1);
  if ((header & 0x0f) !== 1) throw new RangeError(`version ${header & 0x0f} of the encoding is unknown`);
  const width = (header >> 6) + 1;
  const count = bytes.unsigned(1, width);
  const offsets = 1 + width;
  const texts = offsets + (count + 1) * width;
  const known = new Map<number, string>();
  return (id) => {
    const kept = known.get(id);
    if (kept !== undefined) return kept;
    if (id >= count) throw new RangeError(`there is no name ${id} among ${count}`);
    const [start, end] = [
      bytes.unsigned(offsets + id * width, width),
      bytes.unsigned(offsets + (id + 1) * width, width),
    ];
    const name = JSON.stringify(textOf(bytes.slice(texts + start, texts + end)));
    known.set(id, name);
    return name;
  };
}

class VariantWriter {
  readonly #nameOf: (id: number) => string;
  readonly #bytes: VariantBytes;
  readonly #textMax: number;
  readonly #parts: string[] = [];
  #length = 0;

  constructor(nameOf: (id: number) => string, bytes: VariantBytes, textMax: number) {
    this.#nameOf = nameOf;
    this.#bytes = bytes;
    this.#textMax = textMax;
  }

  text(): string {
    this.#value(0, 0);
    return this.#parts.join("");
  }

  #put(part: string): void {
    this.#length += part.length;
    if (this.#length > this.#textMax) throw new RangeError(`it comes to more than ${this.#textMax} characters of JSON`);
    this.#parts.push(part);
  }

  #value(at: number, depth: number): void {
    if (depth > DEPTH_MAX) throw new RangeError(`it is nested deeper than ${DEPTH_MAX} levels`);
    const header = this.#bytes.unsigned(at, 1);
    const rest = header >> 2;
    switch (header & 3) {
      case 0:
        this.#put(primitiveText(this.#bytes, rest, at + 1));
        break;
      case 1:
        this.#put(JSON.stringify(textOf(this.#bytes.slice(at + 1, at + 1 + rest))));
        break;
      case 2:
        this.#object(at + 1, rest, depth);
        break;
      default:
        this.#array(at + 1, rest, depth);
    }
  }

  #object(at: number, header: number, depth: number): void {
    const offsetWidth = (header & 3) + 1;
    const idWidth = ((header >> 2) & 3) + 1;
    const countWidth = (header >> 4) & 1 ? 4 : 1;
    const count = this.#bytes.unsigned(at, countWidth);
    const ids = at + countWidth;
    const offsets = ids + count * idWidth;
    const values = offsets + (count + 1) * offsetWidth;
    this.#put("{");
    for (let index = 0; index < count; index += 1) {
      const name = this.#nameOf(this.#bytes.unsigned(ids + index * idWidth, idWidth));
      this.#put(`${index === 0 ? "" : ","}${name}:`);
      this.#value(values + this.#bytes.unsigned(offsets + index * offsetWidth, offsetWidth), depth + 1);
    }
    this.#put("}");
  }

  #array(at: number, header: number, depth: number): void {
    const offsetWidth = (header & 3) + 1;
    const countWidth = (header >> 2) & 1 ? 4 : 1;
    const count = this.#bytes.unsigned(at, countWidth);
    const offsets = at + countWidth;
    const values = offsets + (count + 1) * offsetWidth;
    this.#put("[");
    for (let index = 0; index < count; index += 1) {
      if (index > 0) this.#put(",");
      this.#value(values + this.#bytes.unsigned(offsets + index * offsetWidth, offsetWidth), depth + 1);
    }
    this.#put("]");
  }
}

/** Reads a primitive value whose content begins at a place, by the number of its type. */
type PrimitiveReader = (bytes: VariantBytes, at: number) => string;

const PRIMITIVES: readonly PrimitiveReader[] = [
  () => "null",
  () => "true",
  () => "false",
  (bytes, at) => String(bytes.signed(at, 1)),
  (bytes, at) => String(bytes.signed(at, 2)),
  (bytes, at) => String(bytes.signed(at, 4)),
  (bytes, at) => String(bytes.signed(at, 8)),
  (bytes, at) => floatText(bytes.double(at)),
  (bytes, at) => numberOfScale(bytes, at, 4),
  (bytes, at) => numberOfScale(bytes, at, 8),
  (bytes, at) => numberOfScale(bytes, at, 16),
  (bytes, at) => `"${dayText(bytes.signed(at, 4))}"`,
  (bytes, at) => `"${timestampText(bytes.signed(at, 8), { perSecond: 1_000_000n, zone: "+00:00" })}"`,
  (bytes, at) => `"${timestampText(bytes.signed(at, 8), { perSecond: 1_000_000n, zone: "" })}"`,
  (bytes, at) => floatText(bytes.float(at)),
  (bytes, at) => `"${Buffer.from(longBytes(bytes, at)).toString("base64")}"`,
  (bytes, at) => JSON.stringify(textOf(longBytes(bytes, at))),
  (bytes, at) => `"${timeText(bytes.signed(at, 8), 1_000_000n)}"`,
  (bytes, at) => `"${timestampText(bytes.signed(at, 8), { perSecond: 1_000_000_000n, zone: "+00:00" })}"`,
  (bytes, at) => `"${timestampText(bytes.signed(at, 8), { perSecond: 1_000_000_000n, zone: "" })}"`,
  (bytes, at) => `"${uuidText(bytes.slice(at, at + 16))}"`,
];

function primitiveText(bytes: VariantBytes, type: number, at: number): string {
  const read = PRIMITIVES[type];
  if (read === undefined) throw new RangeError(`type ${type} is unknown`);
  return read(bytes, at);
}

function numberOfScale(bytes: VariantBytes, at: number, width: number): string {
  const scale = bytes.unsigned(at, 1);
  if (scale > 38) throw new RangeError(`a decimal has ${scale} digits behind the point`);
  return decimalText(bytes.signed(at + 1, width), scale);
}

function longBytes(bytes: VariantBytes, at: number): Uint8Array {
  return bytes.slice(at + 4, at + 4 + bytes.unsigned(at, 4));
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RangeError("a text is not UTF-8");
  }
}
