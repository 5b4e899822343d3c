/**
 * A value that an attribute is compared with: texts are DynamoDB's `S`, numbers its `N`, booleans and null themselves. A number with more
 * digits than JavaScript holds, and bytes (base64), are written as in DynamoDB JSON.
 */
export type FilterValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string };

/** What an attribute must be; several conditions must all hold. A value of another type never compares. */
export interface AttributeCondition {
  readonly eq?: FilterValue;
  /** Another value, or none. */
  readonly ne?: FilterValue;
  /** One of these, a hundred at most. */
  readonly in?: readonly FilterValue[];
  readonly lt?: FilterValue;
  readonly lte?: FilterValue;
  readonly gt?: FilterValue;
  readonly gte?: FilterValue;
  readonly beginsWith?: FilterValue;
  readonly exists?: boolean;
}

/** Conditions by attribute (those of the item itself, not of maps in it), all of which must hold; a value alone means `eq`. */
export type ItemWhere = Readonly<Record<string, FilterValue | AttributeCondition>>;
