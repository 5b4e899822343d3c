import fc from "fast-check";

/** Any UTF-16 text: controls, lone surrogates, everything. Mostly short, often of characters that mean something somewhere. */
export function anyText(): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xff }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...Array.from("=+-@\t\r\n\0\"',;\\\u001b\u009b\u202e", (one) => one.charCodeAt(0))),
    },
  );
  return fc.array(unit, { maxLength: 24 }).map((units) => String.fromCharCode(...units));
}
