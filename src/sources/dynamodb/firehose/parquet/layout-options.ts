import { isReservedName, type StructType } from "../../../../contract/index.ts";
import type { DeliveryOptions } from "../options.ts";
import type { LayoutOptions } from "./record-members.ts";
import { KnownNames } from "./known-names.ts";

/** How the columns of Parquet files are read: `known` is the table as it is, whose columns are attributes by their names. */
export function layoutOptions(options: DeliveryOptions, known: StructType | undefined): LayoutOptions {
  const { keys, ttlAttribute, hints, filter } = options;
  const names = [
    ...keys,
    ...(ttlAttribute === undefined ? [] : [ttlAttribute]),
    ...hints.map(({ name }) => name),
    ...(filter?.attributes ?? []),
    ...(filter?.where.map(({ attribute }) => attribute) ?? []),
    ...(known?.fields.map(({ name }) => name).filter((name) => !isReservedName(name)) ?? []),
  ];
  return { keys, hasExactAttributes: options.exactAttributes === true, knownNames: new KnownNames(names) };
}
