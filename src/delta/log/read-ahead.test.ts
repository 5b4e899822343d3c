import { expect, test } from "vitest";
import { readAhead } from "./read-ahead.ts";

test("what fails early is told in its turn, and is no unhandled failure meanwhile", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of readAhead([1, 2, 3], read, 3)) seen.push(item);
    };
    await expect(reading()).rejects.toThrow("the second");
    expect(seen).toEqual([1]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});

async function read(item: number): Promise<number> {
  if (item === 2) throw new Error("the second");
  await new Promise((resolve) => setTimeout(resolve, 50));
  return item;
}
