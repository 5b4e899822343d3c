import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { bytes, codeOf, pathsOf, textOf } from "../../../test/contracts/object-store/looking.ts";
import { objectStoreSuite } from "../../../test/contracts/object-store-suite.ts";
import { simulatedWorld } from "../../base/index.ts";
import { localStore } from "./local-store.ts";

const folders: string[] = [];

async function newFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, "sluice-store-"));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

objectStoreSuite("local", async () => localStore(join(await newFolder(), "new", "lake")));

test("a store knows its folder and its URL, also before the folder exists", async () => {
  const folder = join(await newFolder(), "a b");
  const store = localStore(folder);
  expect(store.localFolder).toBe(folder);
  expect(store.url).toBe(pathToFileURL(folder).href);
  const below = store.below("day=1/part 2");
  expect(below.localFolder).toBe(join(folder, "day=1", "part 2"));
  expect(below.url).toBe(localStore(join(folder, "day=1", "part 2")).url);
});

describe("symbolic links", () => {
  test("the root itself may be one: it is the place that it leads to", async () => {
    const [real, other] = [await newFolder(), await newFolder()];
    await symlink(real, join(other, "lake"));
    const store = localStore(join(other, "lake"));
    expect(store.url).toBe(localStore(real).url);
    await store.create("a/b", bytes("x"));
    expect(await readFile(join(real, "a/b"), "utf8")).toBe("x");
    expect(localStore(join(other, "lake", "not", "yet")).localFolder).toBe(join(real, "not", "yet"));
  });

  test("a folder that leads out of the root is refused by every operation, and nothing is made there (A4)", async () => {
    const [root, outside] = [await newFolder(), await newFolder()];
    await writeFile(join(outside, "secret"), "x");
    await symlink(outside, join(root, "link"));
    const store = localStore(root);
    const staged = join(await newFolder(), "staged");
    await writeFile(staged, "rows");
    for (const path of ["link/secret", "link/new/deep/object"]) {
      const expected = path === "link/secret" ? ["storage.invalid-path"] : ["storage.invalid-path", "storage.missing"];
      expect(expected).toContain(await codeOf(store.read(path)));
      expect(await codeOf(store.create(path, bytes("y")))).toBe("storage.invalid-path");
      expect(await codeOf(store.createFromFile(path, staged))).toBe("storage.invalid-path");
      expect(await codeOf(store.replace(path, bytes("y")))).toBe("storage.invalid-path");
    }
    expect(await codeOf(store.stat("link/secret"))).toBe("storage.invalid-path");
    expect(await codeOf(store.remove(["link/secret"]))).toBe("storage.invalid-path");
    expect(await codeOf(pathsOf(store, "link/"))).toBe("storage.invalid-path");
    expect(await codeOf(store.below("link").read("secret"))).toBe("storage.invalid-path");
    expect(await codeOf(store.below("link").create("new", bytes("y")))).toBe("storage.invalid-path");
    expect(await readdir(outside)).toEqual(["secret"]);
    expect(existsSync(staged)).toBe(true);
  });

  test("a file that is one is no object: not listed, not read, never written through", async () => {
    const [root, outside] = [await newFolder(), await newFolder()];
    const secret = join(outside, "secret");
    await writeFile(secret, "x");
    const store = localStore(root);
    await store.create("real", bytes("r"));
    await symlink(secret, join(root, "link"));
    await symlink(outside, join(root, "folder"));
    await symlink(join(outside, "nowhere"), join(root, "dangling"));
    expect(await pathsOf(store, "")).toEqual(["real"]);
    for (const path of ["link", "dangling"]) {
      expect(await codeOf(store.read(path))).toBe("storage.invalid-path");
      expect(await codeOf(store.stat(path))).toBe("storage.invalid-path");
      expect(await codeOf(store.create(path, bytes("y")))).toBe("storage.invalid-path");
      await store.replace(path, bytes("mine"));
      expect(await textOf(store, path)).toBe("mine");
    }
    expect(await readdir(outside)).toEqual(["secret"]);
    expect(await readFile(secret, "utf8")).toBe("x");
  });
});

describe("what is no plain file", () => {
  test("an object and a folder cannot have the same name", async () => {
    const store = localStore(await newFolder());
    await store.create("a/b", bytes("x"));
    expect(await codeOf(store.create("a", bytes("y")))).toBe("storage.invalid-path");
    expect(await codeOf(store.replace("a", bytes("y")))).toBe("storage.invalid-path");
    expect(await codeOf(store.create("a/b/c", bytes("y")))).toBe("storage.invalid-path");
    expect(await codeOf(store.replace("a/b/c/d", bytes("y")))).toBe("storage.invalid-path");
    expect(await readdir(join(store.localFolder, "a"))).toEqual(["b"]);
  });

  test("a named pipe is no object, and reading it does not wait for a writer", async () => {
    const store = localStore(await newFolder());
    execFileSync("mkfifo", [join(store.localFolder, "pipe")]);
    expect(await codeOf(store.read("pipe"))).toBe("storage.missing");
    expect(await store.stat("pipe")).toBeUndefined();
    expect(await pathsOf(store, "")).toEqual([]);
  });

  test("a name longer than the file system allows is refused, and one of full length is fine", async () => {
    const store = localStore(await newFolder());
    expect(await store.create("n".repeat(255), bytes("x"))).toBe("created");
    expect(await codeOf(store.create("n".repeat(256), bytes("x")))).toBe("storage.invalid-path");
    expect(await codeOf(store.read("n".repeat(256)))).toBe("storage.invalid-path");
  });
});

describe("unfinished files", () => {
  const leftover = ".sluice-01234567-89ab-4cde-8f01-23456789abcd.tmp";

  test("what a dead process left is never listed, read or taken for an object", async () => {
    const store = localStore(await newFolder());
    await store.create("table/part", bytes("x"));
    await writeFile(join(store.localFolder, "table", leftover), "half");
    expect(await pathsOf(store, "")).toEqual(["table/part"]);
    expect(await codeOf(store.read(`table/${leftover}`))).toBe("storage.invalid-path");
    expect(await codeOf(store.create(`table/${leftover}`, bytes("y")))).toBe("storage.invalid-path");
  });

  test("sweeping removes old ones alone, whatever time their content is from", async () => {
    const now = { ms: Date.now() };
    const store = localStore(await newFolder(), { world: { ...simulatedWorld(1), nowMs: () => now.ms } });
    await store.create("table/part", bytes("x"));
    const file = join(store.localFolder, "table", leftover);
    await writeFile(file, "half");
    // A file that was written long ago and is being moved in right now.
    await utimes(file, 1, 1);
    expect(await store.sweepTemporary(60_000)).toBe(0);
    expect(existsSync(file)).toBe(true);
    now.ms += 120_000;
    expect(await store.sweepTemporary(60_000)).toBe(1);
    expect(await readdir(join(store.localFolder, "table"))).toEqual(["part"]);
  });

  test("no operation leaves one, also when it fails", async () => {
    const store = localStore(await newFolder());
    await store.create("folder/object", bytes("x"));
    await store.create("folder/object", bytes("y"));
    await store.replace("folder/object", bytes("z"));
    await codeOf(store.create("folder", bytes("y")));
    await codeOf(store.replace("folder", bytes("y")));
    expect(await readdir(store.localFolder)).toEqual(["folder"]);
    expect(await readdir(join(store.localFolder, "folder"))).toEqual(["object"]);
  });

  test("a random name that is taken is tried with another one", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, `.sluice-${simulatedWorld(7).uuid()}.tmp`), "of another process");
    const store = localStore(folder, { world: simulatedWorld(7) });
    expect(await store.create("object", bytes("x"))).toBe("created");
    expect(await textOf(store, "object")).toBe("x");
    expect(await readFile(join(folder, `.sluice-${simulatedWorld(7).uuid()}.tmp`), "utf8")).toBe("of another process");
  });
});

describe("objects out of files", () => {
  test("the object keeps no second name by which a later writer could damage it", async () => {
    const store = localStore(await newFolder());
    const file = join(await newFolder(), "staged");
    await writeFile(file, "rows");
    await store.createFromFile("part", file);
    expect(statSync(join(store.localFolder, "part")).nlink).toBe(1);
    await writeFile(file, "other rows under the same staging name");
    expect(await textOf(store, "part")).toBe("rows");
  });

  test("the caller keeps its file where nothing could be created", async () => {
    const store = localStore(await newFolder());
    const file = join(await newFolder(), "staged");
    await writeFile(file, "rows");
    await store.create("folder/object", bytes("x"));
    expect(await codeOf(store.createFromFile("folder", file))).toBe("storage.invalid-path");
    expect(await readFile(file, "utf8")).toBe("rows");
    expect(await readdir(store.localFolder)).toEqual(["folder"]);
  });

  const otherDevice = "/dev/shm";
  const hasOtherDevice = existsSync(otherDevice) && statSync(otherDevice).dev !== statSync(tmpdir()).dev;
  test.skipIf(!hasOtherDevice)("a file on another device is copied, whole", async () => {
    const store = localStore(await newFolder());
    const folder = await newFolder(otherDevice);
    const [first, second, third] = ["first", "second", "third"].map((name) => join(folder, name));
    for (const file of [first, second, third]) await writeFile(String(file), String(file));
    expect(await store.createFromFile("a/part", String(first))).toBe("created");
    expect(await textOf(store, "a/part")).toBe(first);
    expect(await store.createFromFile("a/part", String(second))).toBe("exists");
    expect(await codeOf(store.createFromFile("a", String(third)))).toBe("storage.invalid-path");
    expect(await readdir(folder)).toEqual(["third"]);
    expect(await readdir(join(store.localFolder, "a"))).toEqual(["part"]);
    expect(await readdir(store.localFolder)).toEqual(["a"]);
  });
});

test("what this user may not touch is denied, and nothing is left behind", async () => {
  const store = localStore(await newFolder());
  await store.create("table/object", bytes("x"));
  await store.create("open/object", bytes("x"));
  await mkdir(join(store.localFolder, "closed"));
  await chmod(store.localFolder, 0o755);
  await chmod(join(store.localFolder, "table/object"), 0o000);
  await chmod(join(store.localFolder, "table"), 0o555);
  await chmod(join(store.localFolder, "closed"), 0o000);
  await asOrdinaryUser(async () => {
    expect(await codeOf(store.read("table/object"))).toBe("storage.denied");
    expect(await codeOf(store.create("table/new", bytes("y")))).toBe("storage.denied");
    expect(await codeOf(store.replace("table/object", bytes("y")))).toBe("storage.denied");
    expect(await codeOf(store.remove(["table/object"]))).toBe("storage.denied");
    expect(await codeOf(store.stat("closed/object"))).toBe("storage.denied");
    expect(await codeOf(pathsOf(store, "closed/"))).toBe("storage.denied");
    expect(await codeOf(pathsOf(store, ""))).toBe("storage.denied");
    expect(await textOf(store, "open/object")).toBe("x");
  });
  await chmod(join(store.localFolder, "table"), 0o755);
  await chmod(join(store.localFolder, "closed"), 0o755);
  expect(await readdir(join(store.localFolder, "table"))).toEqual(["object"]);
});

/** Root may touch everything, so that a test under root borrows another user. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
