import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { protocolFor } from "../features/protocol-for.ts";
import { memoryStore } from "../../storage/index.ts";
import {
  LINES,
  append,
  bytesOf,
  committed,
  commitFile,
  latestOf,
  metaDataLine,
  rewrite,
  storeWith,
  testLog,
  textOf,
} from "../../../test/delta-builders.ts";

describe("a log of text that is wrong", () => {
  const bad: readonly (readonly [name: string, commit: string, message: RegExp])[] = [
    ["an empty commit", "", /00000\.json: the file is empty/],
    [
      "a commit that was cut off",
      `${LINES.protocol}\n${LINES.metaData}`.slice(0, 10),
      /00000\.json, line 1: Invalid JSON/,
    ],
    ["a line that is no JSON", `${LINES.protocol}\n${LINES.metaData}\nnull,`, /00000\.json, line 3: Invalid JSON/],
    ["a line that is no object", `${LINES.protocol}\n${LINES.metaData}\n7`, /line 3.*an object expected/],
    ["no protocol", LINES.metaData, /version 0 has no protocol action/],
    ["no metadata", LINES.protocol, /version 0 has no metaData action/],
    ["two protocols", `${LINES.protocol}\n${LINES.protocol}\n${LINES.metaData}`, /two protocol actions/],
    ["two metadata", `${LINES.protocol}\n${LINES.metaData}\n${LINES.metaData}`, /two metaData actions/],
    ["a file added twice", `${LINES.protocol}\n${LINES.metaData}\n${LINES.add}\n${LINES.add}`, /two add actions of a/],
    [
      "a file added and removed",
      `${LINES.protocol}\n${LINES.metaData}\n${LINES.add}\n{"remove":{"path":"a","dataChange":true}}`,
      /a is added and removed with the same deletion vector/,
    ],
    [
      "a negative size",
      `${LINES.protocol}\n${LINES.metaData}\n${LINES.add.replace('"size":1', '"size":-1')}`,
      /add: size is negative/,
    ],
    [
      "a size beyond all",
      `${LINES.protocol}\n${LINES.metaData}\n${LINES.add.replace('"size":1', '"size":9e99')}`,
      /size is not a whole/,
    ],
    ["a path that leaves the table (A5)", withPath("../secret.parquet"), /leaves the table's folder/],
    ["a path that leaves it once decoded (A4)", withPath("x/%2e%2E/%2e%2e/y"), /leaves the table's folder/],
    ["a path that is absolute once decoded", withPath("%2Fetc/passwd"), /absolute once decoded/],
    ["an empty path", withPath(""), /the path is empty/],
    ["an empty schema", `${LINES.protocol}\n${metaDataLine("")}`, /schemaString is not JSON/],
    ["a schema that is none", `${LINES.protocol}\n${metaDataLine('{"type":"list"}')}`, /unknown type "list"/],
    [
      "a deletion vector of an unknown kind",
      `${LINES.protocol}\n${LINES.metaData}\n${LINES.add.replace('"size"', '"deletionVector":{"storageType":"x"},"size"')}`,
      /storageType "x" is unknown/,
    ],
  ];
  for (const [name, commit, message] of bad) {
    test(`fails by name for ${name}`, async () => {
      const store = await storeWith(commitFile(0), commit);
      const failure = await testLog(store)
        .latest()
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "table.corrupt", message: expect.stringMatching(message) });
    });
  }

  test("is refused for files of another place (A5), and taken for an absolute path of this one", async () => {
    for (const path of ["s3://other-bucket/secret.parquet", "file:///etc/passwd", "/etc/passwd"]) {
      const store = await storeWith(commitFile(0), withPath(path));
      await expect(testLog(store).latest()).rejects.toMatchObject({ code: "table.unsupported" });
    }
    const store = memoryStore({ world: simulatedWorld(1), url: "file:///data/my%20table" });
    const paths = ["file:/data/my%20table/x%20y", "file:///data/my%20table/z", "/data/my table/w"];
    const adds = paths.map((path) => LINES.add.replace('"a"', JSON.stringify(path)));
    await store.create(commitFile(0), bytesOf([LINES.protocol, LINES.metaData, ...adds].join("\n")));
    const log = testLog(store);
    const snapshot = await latestOf(log);
    expect([...snapshot.files.keys()]).toEqual(["x y", "z", "w"]);
    // Other engines compare the names as text: what is removed is named as it was added.
    await log.commit(rewrite(snapshot, ["x y"]));
    expect(textOf(await store.read(commitFile(1)))).toContain('"path":"file:/data/my%20table/x%20y"');
  });

  test("is read over actions and members that nobody knows", async () => {
    const lines = [
      LINES.protocol,
      LINES.metaData,
      LINES.add.replace('"size"', '"baseRowId":9007199254740993,"size"'),
      '{"new":{"x":1}}',
    ];
    const snapshot = await latestOf(testLog(await storeWith(commitFile(0), lines.join("\n"))));
    expect(snapshot.files.get("a")?.extra).toEqual({ baseRowId: 9007199254740993n });
  });

  test("is refused for features that it lists or uses, by name", async () => {
    const refused: readonly (readonly [string, string, RegExp])[] = [
      [
        `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["x1"],"writerFeatures":["x1"]}}`,
        LINES.metaData,
        /it uses x1$/,
      ],
      ['{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}', LINES.metaData, /reader version 4/],
    ];
    for (const [protocol, metadata, message] of refused) {
      const log = testLog(await storeWith(commitFile(0), `${protocol}\n${metadata}`));
      await expect(log.latest()).rejects.toThrow(message);
      await expect(log.head()).rejects.toMatchObject({ code: "table.unsupported" });
    }
  });

  test("is damaged where its column mapping is", async () => {
    const mapped = '{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}';
    const whole = '{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"p"}';
    const damaged: readonly (readonly [string, string, string, RegExp])[] = [
      [mapped, columnWith(whole), "nonsense", /nonsense is no mode/],
      [mapped, columnWith('{"delta.columnMapping.id":1}'), "name", /column a: it has no physical name/],
      [mapped, columnWith('{"delta.columnMapping.physicalName":"p"}'), "id", /column a: it has no id/],
      [LINES.protocol, columnWith(whole), "name", /does not announce/],
    ];
    for (const [protocol, schema, mode, message] of damaged) {
      const lines = `${protocol}\n${metaDataLine(schema, { "delta.columnMapping.mode": mode })}`;
      const log = testLog(await storeWith(commitFile(0), lines));
      await expect(log.latest()).rejects.toThrow(message);
      await expect(log.head()).rejects.toMatchObject({ code: "table.corrupt" });
    }
  });

  test("that lists an unknown feature for writers is read and not written (F25)", async () => {
    const protocol = '{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["x1"]}}';
    const store = await storeWith(commitFile(0), `${protocol}\n${LINES.metaData}`);
    const log = testLog(store);
    const snapshot = await latestOf(log);
    await expect(log.commit(append(snapshot, ["a"]))).rejects.toThrow(/Cannot write table .*: it uses x1/);
    expect(await store.stat(commitFile(1))).toBeUndefined();
  });

  test("that keeps in-commit timestamps is travelled by them", async () => {
    const store = memoryStore({ world: simulatedWorld(1) });
    const configuration = { "delta.enableInCommitTimestamps": "true" };
    const first = [LINES.protocol, metaDataLine('{"type":"struct","fields":[]}', configuration)];
    for (const version of [0, 1, 2, 3, 4]) {
      const info = `{"commitInfo":{"inCommitTimestamp":${1000 * (version + 1)}}}`;
      const lines = version === 0 ? [info, ...first] : [info, LINES.add.replace('"a"', `"a${version}"`)];
      await store.create(commitFile(version), bytesOf(lines.join("\n")));
    }
    const log = testLog(store);
    expect((await log.atTime(1000)).version).toBe(0);
    expect((await log.atTime(3999)).version).toBe(2);
    expect((await log.atTime(9_000_000)).version).toBe(4);
    await expect(log.atTime(999)).rejects.toMatchObject({ code: "table.version-missing" });
    expect((await log.at(2)).timestampMs).toBe(3000);
    const newest = await latestOf(log);
    const protocol = protocolFor(newest.metadata, newest.protocol);
    const next = committed(await log.commit(append(newest, ["b"], { protocol })));
    expect(next.timestampMs).toBeGreaterThan(newest.timestampMs);
  });
});

function withPath(path: string): string {
  return [LINES.protocol, LINES.metaData, LINES.add.replace('"a"', JSON.stringify(path))].join("\n");
}

function columnWith(metadata: string): string {
  return `{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":${metadata}}]}`;
}
