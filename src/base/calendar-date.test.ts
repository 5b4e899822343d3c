import { expect, test } from "vitest";
import { calendarDate } from "./calendar-date.ts";

test("days are those of JavaScript's own calendar, as far as it goes", () => {
  const [first, last] = [-719_530, 2_932_896];
  for (let days = first; days <= last; days += 997) {
    const date = new Date(days * 86_400_000);
    const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    expect({ days, ...calendarDate(BigInt(days)) }).toEqual({ days, ...expected });
  }
});
