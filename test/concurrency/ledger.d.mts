// An alias, which unlike an interface is a record of values.
export type LedgerRow = { readonly writer: string; readonly number: number; readonly note: string };

export type LedgerOperation =
  | { readonly kind: "append" | "merge"; readonly rows: readonly LedgerRow[] }
  | { readonly kind: "delete" | "update"; readonly rest: number }
  | { readonly kind: "count" };

export const SHARED: string;
export function operationOf(seed: number, writer: string, n: number): LedgerOperation;
export function rowsAfter(seed: number, done: ReadonlyMap<string, number>): LedgerRow[];
