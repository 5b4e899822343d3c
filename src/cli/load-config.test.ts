import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFailure } from "../base/index.ts";
import { loadConfig } from "./load-config.ts";
import { privateCacheFolder } from "./private-cache-folder.ts";

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** A configuration's text; `types` makes it one that only TypeScript understands. */
function configText({ name = "shop", types = false } = {}): string {
  return `import { bronze, defineLake, dynamodb${types ? ", type BronzeTable" : ""} } from "sluice";
const orders${types ? ": BronzeTable" : ""} = bronze("orders", {
  source: dynamodb({ table: "orders", keys: ["order_id"], export: "./exports" }),
});
export default defineLake({ name: "${name}", storage: "./lake", tables: [orders] });
`;
}

let root: string;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "sluice-config-")));
  env = { XDG_CACHE_HOME: join(root, "cache") };
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A folder of its own with these files. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(root, "project-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function failureOf(path: string): Promise<{ code: string; message: string; facts: object }> {
  try {
    await loadConfig(path, { env });
  } catch (error) {
    if (isFailure(error)) return { code: error.code, message: error.message, facts: error.facts };
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("finding a configuration", () => {
  test.each([
    [["sluice.config.mjs"], "sluice.config.mjs"],
    [["sluice.config.mjs", "sluice.config.js"], "sluice.config.js"],
    [["sluice.config.mjs", "sluice.config.mts"], "sluice.config.mts"],
    [["sluice.config.js", "sluice.config.ts"], "sluice.config.ts"],
  ])("of %o in a folder, %s counts", async (names, expected) => {
    const folder = await folderWith(Object.fromEntries(names.map((name) => [name, configText()])));
    expect((await loadConfig(folder, { env })).file).toBe(join(folder, expected));
  });

  test("relative paths start at the configuration's folder, wherever the process is", async () => {
    const folder = await folderWith({ "deep/lake.config.ts": configText() });
    const { definition, folder: found } = await loadConfig(join(folder, "deep/lake.config.ts"), { env });
    expect(found).toBe(join(folder, "deep"));
    expect(definition.roots.bronze).toBe(join(folder, "deep/lake/bronze"));
    expect(definition.tables).toMatchObject([{ source: { exports: { folder: join(folder, "deep/exports") } } }]);
  });

  test("a folder without one, a missing file and a file of another kind are told apart", async () => {
    const folder = await folderWith({ "lake.json": "{}" });
    const unreadable = { code: "config.unreadable" };
    expect(await failureOf(folder)).toMatchObject({
      ...unreadable,
      message: expect.stringContaining("no sluice.config.ts"),
    });
    expect(await failureOf(join(folder, "absent.ts"))).toMatchObject({
      ...unreadable,
      message: expect.stringContaining("no such file"),
    });
    expect(await failureOf(join(folder, "lake.json/inner.ts"))).toMatchObject({
      ...unreadable,
      message: expect.stringContaining("no such file"),
    });
    expect(await failureOf(join(folder, "lake.json"))).toMatchObject({
      ...unreadable,
      message: expect.stringContaining("no TypeScript or JavaScript"),
    });
  });
});

describe("reading a configuration", () => {
  test("an edit is seen by the next load of the same process", async () => {
    const folder = await folderWith({ "sluice.config.ts": configText({ name: "before" }) });
    expect((await loadConfig(folder, { env })).definition.name).toBe("before");
    await writeFile(join(folder, "sluice.config.ts"), configText({ name: "after" }));
    expect((await loadConfig(folder, { env })).definition.name).toBe("after");
  });

  test("what the environment says goes before the configuration", async () => {
    const folder = await folderWith({ "sluice.config.ts": configText() });
    const { definition } = await loadConfig(folder, { env: { ...env, SLUICE_MEMORY: "1GB", SLUICE_THREADS: "3" } });
    expect(definition.engine).toMatchObject({ memoryBytes: 1_000_000_000, threads: 3 });
  });

  test("a syntax error names its place", async () => {
    const folder = await folderWith({ "bad.ts": "const a = 1;\nexport default a +;\n" });
    expect(await failureOf(join(folder, "bad.ts"))).toMatchObject({
      code: "config.unreadable",
      message: expect.stringContaining("Unexpected token"),
      facts: { file: join(folder, "bad.ts"), line: 2, column: 19 },
    });
  });

  test("a syntax error of an imported file names that file", async () => {
    const folder = await folderWith({ "a.ts": 'import "./b.ts";\nexport default 1;\n', "b.ts": "\n\nlet = ;\n" });
    const facts = { file: join(folder, "a.ts"), in: join(folder, "b.ts"), line: 3 };
    expect(await failureOf(join(folder, "a.ts"))).toMatchObject({ code: "config.unreadable", facts });
  });

  test("an error while it runs names its place", async () => {
    const folder = await folderWith({ "a.ts": 'const a: number = 1;\nthrow new Error("no RETAIL_DATA");\n' });
    expect(await failureOf(join(folder, "a.ts"))).toMatchObject({
      code: "config.unreadable",
      message: expect.stringContaining("no RETAIL_DATA"),
      facts: { line: 2 },
    });
  });

  test.each([
    ["no default export", "export const a = 1;", "got nothing"],
    ["an object of its own", "export default { name: 'shop' };", "got an object"],
    ["a Promise of something else", "export default Promise.resolve(1);", "got 1"],
    ["a function", "export default () => 1;", "got a function"],
  ])("%s is no lake", async (_title, text, got) => {
    const folder = await folderWith({ "a.ts": text });
    const message = expect.stringContaining(`expected defineLake({ … }) as the default export, ${got}`);
    expect(await failureOf(join(folder, "a.ts"))).toMatchObject({ code: "config.invalid", message });
  });
});

describe("the folder for compiled configurations", () => {
  test("is closed to other users", async () => {
    const folder = await privateCacheFolder("jiti", { XDG_CACHE_HOME: join(root, "closed") });
    expect(folder).toBe(join(root, "closed/sluice/jiti"));
    expect((await stat(folder ?? "")).mode & 0o777).toBe(0o700);
  });

  test("is not one that others can write to, nor a link to somewhere", async () => {
    const open = join(root, "open");
    await mkdir(join(open, "sluice/jiti"), { recursive: true, mode: 0o700 });
    await chmod(join(open, "sluice"), 0o777);
    expect(await privateCacheFolder("jiti", { XDG_CACHE_HOME: open })).not.toContain(open);
    const linked = join(root, "linked");
    await mkdir(linked);
    await symlink(join(root, "closed/sluice"), join(linked, "sluice"));
    expect(await privateCacheFolder("jiti", { XDG_CACHE_HOME: linked })).not.toContain(linked);
  });

  test("is elsewhere where the home cannot be written to", async () => {
    await writeFile(join(root, "file"), "");
    expect(await privateCacheFolder("jiti", { XDG_CACHE_HOME: join(root, "file") })).not.toContain(root + "/file");
  });
});

/** The package as it is installed: built, with only its dependencies beside it. */
describe("the built package", () => {
  let project: string;
  beforeAll(async () => {
    project = await folderWith({ "package.json": '{ "type": "module" }' });
    const installed = join(project, "node_modules/sluice");
    await mkdir(installed, { recursive: true });
    const manifest = await readFile(join(REPOSITORY, "package.json"), "utf8");
    await writeFile(join(installed, "package.json"), manifest);
    for (const name of Object.keys((JSON.parse(manifest) as { dependencies: object }).dependencies)) {
      await mkdir(dirname(join(project, "node_modules", name)), { recursive: true });
      await symlink(join(REPOSITORY, "node_modules", name), join(project, "node_modules", name));
    }
    const compiler = join(REPOSITORY, "node_modules/typescript/bin/tsc");
    const options = ["-p", "tsconfig.build.json", "--noCheck", "--outDir", join(installed, "dist")];
    await run(process.execPath, [compiler, ...options], { cwd: REPOSITORY });
  });

  /** Loads in a process of its own; tells the lake's name and which parts of jiti were loaded for it. */
  async function loadInProcess(path: string): Promise<{ name: string; jiti: readonly string[]; stderr: string }> {
    const script = `
      import { Module } from "node:module";
      import { loadConfig } from ${JSON.stringify(join(project, "node_modules/sluice/dist/cli/load-config.js"))};
      const { definition } = await loadConfig(${JSON.stringify(path)}, { env: process.env });
      const jiti = Object.keys(Module._cache).filter((file) => file.includes("/jiti/")).map((file) => file.replace(/.*\\//, ""));
      console.log(JSON.stringify({ name: definition.name, jiti }));`;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, ...env },
    });
    return { ...(JSON.parse(stdout) as { name: string; jiti: string[] }), stderr };
  }

  test("reads TypeScript, and compiles it once", async () => {
    await writeFile(join(project, "sluice.config.ts"), configText({ types: true }));
    expect(await loadInProcess(project)).toMatchObject({ name: "shop", stderr: "" });
    expect((await loadInProcess(project)).jiti).not.toContain("babel.cjs");
  });

  test("reads TypeScript that takes more than leaving out types", async () => {
    const text = configText()
      .replace("{ bronze, ", "{ BronzeTable, bronze, ")
      .replace("const orders", "const orders: BronzeTable");
    const folder = await folderWith({
      "sluice.config.ts": `import { Layer } from "./layers";\n${text}if (Layer.gold !== 1) throw new Error("no enum");\n`,
      "layers.ts": "export enum Layer { silver, gold }\n",
    });
    expect(await loadInProcess(folder)).toMatchObject({ name: "shop" });
  });

  test("reads JavaScript without jiti", async () => {
    await writeFile(join(project, "plain.mjs"), configText());
    await writeFile(join(project, "plain.js"), configText());
    expect(await loadInProcess(join(project, "plain.mjs"))).toEqual({ name: "shop", jiti: [], stderr: "" });
    expect(await loadInProcess(join(project, "plain.js"))).toEqual({ name: "shop", jiti: [], stderr: "" });
  });

  test.each(["sluice.config.ts", "sluice.config.mjs"])("is what %s gets where it is not installed", async (name) => {
    const folder = await folderWith({ [name]: configText({ types: name.endsWith(".ts") }) });
    expect(await loadInProcess(folder)).toMatchObject({ name: "shop", stderr: "" });
  });

  test("is what a configuration gets where another one is installed", async () => {
    const folder = await folderWith({
      "sluice.config.mjs": configText(),
      "node_modules/sluice/package.json": '{ "name": "sluice", "type": "module", "exports": "./index.js" }',
      "node_modules/sluice/index.js": "export const defineLake = () => 'another';",
    });
    expect(await loadInProcess(folder)).toMatchObject({ name: "shop" });
  });

  test("names the place of a syntax error in JavaScript", async () => {
    await writeFile(join(project, "bad.mjs"), "const a = 1;\nexport default a +;\n");
    await expect(loadInProcess(join(project, "bad.mjs"))).rejects.toThrow(/Unexpected token.*line=2/s);
  });

  test("keeps compiled configurations to this user", async () => {
    const cache = join(root, "cache/sluice/jiti");
    expect(await readdir(cache)).not.toEqual([]);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
  });
});
