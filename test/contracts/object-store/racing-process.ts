import { localStore } from "../../../src/storage/index.ts";

/**
 * One of several processes: says that it is ready, waits until its input ends, creates the same objects as all others,
 * and prints each name that it was told it created.
 */
const [folder = "", name = "", count = "0"] = process.argv.slice(2);
const store = localStore(folder);
const body = new TextEncoder().encode(`${name}\n`.repeat(20_000));

process.stdout.write("ready\n");
await process.stdin.resume().toArray();
for (let number = 0; number < Number(count); number += 1) {
  const path = `log/${String(number).padStart(6, "0")}.json`;
  if ((await store.create(path, body)) === "created") process.stdout.write(`${path}\n`);
}
