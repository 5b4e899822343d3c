import { expect, test } from "vitest";
import { finishing } from "./finish-channels.ts";

function channelsOf(says: string[]) {
  const finish = (name: string) => async () => {
    says.push(name);
    return await Promise.resolve([{ what: name, why: "later" }]);
  };
  return [{}, { finish: finish("scan") }, { finish: finish("stream") }];
}

test("channels finish after the work, and what they leave is told", async () => {
  const says: string[] = [];
  const work = async (): Promise<void> => {
    says.push("work");
    await Promise.resolve();
  };
  expect(await finishing(channelsOf(says), work)).toEqual([
    { what: "scan", why: "later" },
    { what: "stream", why: "later" },
  ]);
  expect(says).toEqual(["work", "scan", "stream"]);
});

async function failedWork(): Promise<void> {
  await Promise.reject(new Error("the work"));
}

test("channels finish after work that failed, too; its failure is the one that is told", async () => {
  const says: string[] = [];
  const failing = { finish: async () => await Promise.reject(new Error("the finish")) };
  await expect(finishing([...channelsOf(says), failing], failedWork)).rejects.toThrow("the work");
  expect(says).toEqual(["scan", "stream"]);
  await expect(finishing([failing], async () => await Promise.resolve())).rejects.toThrow("the finish");
});
