import { expect, test } from "vitest";
import type { ItemFilter } from "../../../contract/index.ts";
import { filterExpression } from "./filter-expression.ts";

test("names and values are placeholders, one for each thing", () => {
  const filter: ItemFilter = {
    where: [
      { attribute: "status", is: "in", values: [{ S: "open" }, { S: "size > 1" }] },
      { attribute: "amount", is: "gte", value: { N: "10" } },
      { attribute: "amount", is: "ne", value: { N: "10" } },
      { attribute: "a.b", is: "missing" },
      { attribute: "blob", is: "beginsWith", value: { B: "AQI=" } },
    ],
    attributes: ["id", "status"],
  };
  expect(filterExpression(filter)).toEqual({
    FilterExpression:
      "#0 IN (:0,:1) AND #1 >= :2 AND (attribute_not_exists(#1) OR #1 <> :2) AND attribute_not_exists(#2) AND begins_with(#3,:3)",
    ProjectionExpression: "#4,#0,#5",
    ExpressionAttributeNames: {
      "#0": "status",
      "#1": "amount",
      "#2": "a.b",
      "#3": "blob",
      "#4": "id",
      "#5": "_sluice",
    },
    ExpressionAttributeValues: {
      ":0": { S: "open" },
      ":1": { S: "size > 1" },
      ":2": { N: "10" },
      ":3": { B: new Uint8Array([1, 2]) },
    },
  });
});

test("a filter of one kind carries nothing of the other, and one that is too long is not carried at all", () => {
  expect(filterExpression({ where: [], attributes: ["id"] })).toEqual({
    ProjectionExpression: "#0,#1",
    ExpressionAttributeNames: { "#0": "id", "#1": "_sluice" },
  });
  const values = Array.from({ length: 100 }, (_, at) => ({ N: String(at) }));
  const long = Array.from({ length: 20 }, (_, at) => ({ attribute: `a${at}`, is: "in" as const, values }));
  expect(filterExpression({ where: long })).toBeUndefined();
});
