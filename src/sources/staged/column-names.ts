import { isReservedName } from "../../contract/index.ts";

/** DynamoDB allows attribute names of 64 KiB, databases columns of any text; nobody can work with such a column. */
const NAME_BYTES_MAX = 255;

/** Refused by Parquet writers and by Delta without column mapping (PROTOCOL, "Column Mapping"); control characters and what JSON must escape besides. */
// oxlint-disable-next-line no-control-regex
const REFUSED = /[ ,;{}()\n\t="\\\u0000-\u001f\u007f]/;

/** Whether a column or nested field can carry an attribute's name as it is. */
export function isColumnName(name: string): boolean {
  if (name === "" || REFUSED.test(name) || !name.isWellFormed()) return false;
  return Buffer.byteLength(name) <= NAME_BYTES_MAX;
}

/** Whether an attribute of the record can be a Bronze column under its own name. */
export function isTopLevelName(name: string): boolean {
  return isColumnName(name) && !isReservedName(name);
}
