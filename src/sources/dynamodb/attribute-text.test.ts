import { expect, test } from "vitest";
import { attributeText } from "./attribute-text.ts";

test.each([
  ['{"N":"1.50"}', '{"N":"15e-1"}'],
  ['{"NS":["2","1.0"]}', '{"NS":["1","2.00"]}'],
  ['{"SS":["b","a"]}', '{"SS":["a","b"]}'],
  ['{"M":{"b":{"L":[{"N":"01"}]},"a":{"S":"x"}}}', '{"M":{"a":{"S":"\\u0078"},"b":{"L":[{"N":"1"}]}}}'],
])("%s and %s are one value", (one, other) => {
  expect(attributeText(one)).toBe(attributeText(other));
});

test.each([
  ['{"S":"1"}', '{"N":"1"}'],
  ['{"L":[{"S":"a"},{"S":"b"}]}', '{"L":[{"S":"b"},{"S":"a"}]}'],
  ['{"SS":["a","b"]}', '{"SS":["a"]}'],
  ['{"NULL":true}', '{"BOOL":true}'],
  ['{"S":"\\ud800"}', '{"S":"\\ufffd"}'],
  ['{"M":{"a":{"N":"1"}}}', '{"M":{"a":{"S":"1"}}}'],
  ['{"N":"12345678901234567890123456789012345678"}', '{"N":"12345678901234567890123456789012345679"}'],
])("%s and %s are two", (one, other) => {
  expect(attributeText(one)).not.toBe(attributeText(other));
});
