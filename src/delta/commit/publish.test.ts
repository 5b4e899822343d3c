import { expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { faultyStore, memoryStore, type Fault } from "../../storage/index.ts";
import { TEXT_CHECKPOINTS } from "../../../test/delta-builders.ts";
import { commitPath } from "../log/file-names.ts";
import { publish } from "./publish.ts";

const OURS = new TextEncoder().encode('{"commitInfo":{"txnId":"ours"}}\n');
const LOST_ANSWER: Fault = { effect: { kind: "fail", when: "after" }, at: 1, operation: "create" };
const MAY_NOT_LOOK: Fault = {
  effect: { kind: "fail", when: "before", code: "storage.denied" },
  at: 1,
  operation: "read",
};

function accessWith(...plan: readonly Fault[]) {
  const inner = memoryStore({ world: simulatedWorld(1) });
  const store = faultyStore(inner, { world: simulatedWorld(2), plan });
  return {
    inner,
    access: { store, world: simulatedWorld(3), checkpoints: TEXT_CHECKPOINTS, onWarning: () => undefined },
  };
}

test("a lost answer is our own success when our bytes stand there", async () => {
  const { access } = accessWith(LOST_ANSWER);
  expect(await publish(access, 0, OURS)).toBe("published");
});

test("as long as nobody knows whether our bytes are there, a refusal to look is no refusal to commit", async () => {
  const { access, inner } = accessWith(LOST_ANSWER, MAY_NOT_LOOK);
  // The caller takes back its data files after a refusal, and this commit refers to them.
  await expect(publish(access, 0, OURS)).rejects.toMatchObject({ code: "storage.unavailable" });
  expect(await inner.read(commitPath(0))).toEqual(OURS);
});

test("a refusal to look at a winner's commit is told as it is", async () => {
  const { access, inner } = accessWith(MAY_NOT_LOOK);
  await inner.create(commitPath(0), new TextEncoder().encode("{}\n"));
  await expect(publish(access, 0, OURS)).rejects.toMatchObject({ code: "storage.denied" });
});

test("a refusal to create is told as it is", async () => {
  for (const code of ["storage.full", "storage.denied"] as const) {
    const { access, inner } = accessWith({
      effect: { kind: "fail", when: "before", code },
      at: 1,
      operation: "create",
    });
    await expect(publish(access, 0, OURS)).rejects.toMatchObject({ code });
    expect(await inner.stat(commitPath(0))).toBeUndefined();
  }
});
