/** A line of JSON may be this long: four times the largest document of any source, written with escapes. */
export const LINE_BYTES_MAX = 64 * 2 ** 20;
