export const LAYERS = ["bronze", "silver", "gold", "quarantine", "system"] as const;
export type Layer = (typeof LAYERS)[number];

/** A table's full name, `layer.name`. */
export type TableName = `${Layer}.${string}`;

/** What a table's own name may be: it becomes a folder, an SQL identifier and part of a file name. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,99}$/;
