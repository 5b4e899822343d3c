import { expect, test } from "vitest";
import { Place } from "./reading/place.ts";
import type { Problem } from "./reading/problem.ts";
import { readItemFilter } from "./resolve/item-filter.ts";

function read(where: unknown, attributes?: unknown) {
  const problems: Problem[] = [];
  const filter = readItemFilter(new Place(problems, "source"), { where, attributes }, ["id"]);
  return { filter, problems: problems.map(({ path, message }) => `${path}: ${message}`) };
}

test("conditions are written as values, operators and lists, and become DynamoDB JSON", () => {
  const where = {
    status: { in: ["open", "paid"] },
    amount: { gte: 10, lt: { N: "1e3" } },
    big: 12345678901234567890n,
    archived: { exists: false },
    note: { exists: true },
    gone: null,
    code: { beginsWith: { B: "AQI=" } },
    kind: { ne: { S: "x" } },
  };
  expect(read(where, ["amount", "id", "status"])).toEqual({
    filter: {
      where: [
        { attribute: "status", is: "in", values: [{ S: "open" }, { S: "paid" }] },
        { attribute: "amount", is: "lt", value: { N: "1000" } },
        { attribute: "amount", is: "gte", value: { N: "10" } },
        { attribute: "big", is: "eq", value: { N: "12345678901234567890" } },
        { attribute: "archived", is: "missing" },
        { attribute: "note", is: "exists" },
        { attribute: "gone", is: "eq", value: { NULL: true } },
        { attribute: "code", is: "beginsWith", value: { B: "AQI=" } },
        { attribute: "kind", is: "ne", value: { S: "x" } },
      ],
      attributes: ["id", "amount", "status"],
    },
    problems: [],
  });
  expect(read(undefined)).toEqual({ filter: undefined, problems: [] });
  expect(read({}).filter).toBeUndefined();
});

test.each<[unknown, string]>([
  [{ a: { gte: true } }, "source.where.a.gte: expected a value of type S, N, B, got one of type BOOL"],
  [{ a: { beginsWith: 1 } }, "source.where.a.beginsWith: expected a value of type S, B, got one of type N"],
  [{ a: { eq: Number.NaN } }, "got NaN; DynamoDB has numbers of at most 38 digits"],
  [{ a: { eq: { N: "1".repeat(39) } } }, "at most 38 digits"],
  [{ a: { eq: { B: "no base64" } } }, "expected a text, a number"],
  [{ a: { in: [] } }, "source.where.a.in: expected a list of 1 to 100 values, got 0 of them"],
  [{ a: { in: [1, undefined] } }, "source.where.a.in[1]: expected a text, a number"],
  [{ a: { exists: "no" } }, 'source.where.a.exists: expected true or false, got "no"'],
  [{ a: { exists: false, eq: 1 } }, "source.where.a: expected conditions that an item can meet"],
  [{ a: {} }, "source.where.a: expected a value, or conditions"],
  [{ a: { gt: undefined } }, "source.where.a: expected a value, or conditions"],
  [{ a: { graeter: 1 } }, "source.where.a.graeter: expected a known field"],
  [{ a: [1] }, "source.where.a: expected a value, or conditions"],
  [{ a: () => 1 }, "source.where.a: expected a value, or conditions"],
  [{ "": 1 }, "expected an attribute's name, got an empty text"],
  [["a"], "source.where: expected conditions by attribute"],
  [Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`a${at}`, 1])), "at most 100 conditions, got 101"],
])("%o is refused", (where, message) => {
  expect(read(where).problems.join("\n")).toContain(message);
});

test.each<[unknown, string]>([
  ["a", 'source.attributes: expected the attributes that are taken in, such as ["status", "amount"], got "a"'],
  [["a", "a"], 'source.attributes: expected each attribute once, got "a" again'],
  [[""], "source.attributes[0]: expected an attribute's name, got an empty text"],
])("attributes %o are refused", (attributes, message) => {
  expect(read(undefined, attributes).problems.join("\n")).toContain(message);
});
