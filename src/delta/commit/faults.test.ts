import { describe, expect, test } from "vitest";
import { isFailure, seededRandom, simulatedWorld, type World } from "../../base/index.ts";
import {
  SimulatedCrash,
  countingStore,
  faultyStore,
  memoryStore,
  type Effect,
  type FaultyStore,
  type ObjectStore,
} from "../../storage/index.ts";
import { openLog, type DeltaLog, type Snapshot } from "../index.ts";
import {
  TEXT_CHECKPOINTS,
  append,
  committed,
  createTable,
  creation,
  metadataOf,
  rewrite,
  shownSnapshot,
  testLog,
} from "../../../test/delta-builders.ts";
import { DEADLY_FAULTS } from "../../../test/builders/process-faults.ts";

const BATCHES = 6;
const ALL_BATCHES = Array.from({ length: BATCHES }, (_, index) => index + 1);
/** A checkpoint every other commit, so that a fault can hit each of its steps. */
const CONFIGURATION = { "delta.checkpointInterval": "2" };
/** The same in the second form: its sidecars come before the file that names them. */
const SECOND_FORM = { ...CONFIGURATION, "delta.checkpointPolicy": "v2" };

describe.each([
  ["classic", CONFIGURATION],
  ["V2", SECOND_FORM],
])("a writer of numbered batches, with %s checkpoints", (_, configuration) => {
  for (const effect of DEADLY_FAULTS) {
    const name = `${effect.kind} ${"when" in effect ? effect.when : ""} ${"code" in effect ? effect.code : ""}`;
    test(`lands each batch exactly once when any one call meets: ${name.trim()} (F1–F4, F8, F16)`, async () => {
      let reached = 0;
      for (let at = 1; at < 1000; at += 1) {
        const inner = memoryStore({ world: simulatedWorld(at) });
        const store = faultyStore(inner, { world: simulatedWorld(at), plan: [{ at, effect }] });
        const isStruck = await writeAll(store, inner, { seed: at, configuration });
        expect(await landedBatches(inner)).toEqual(ALL_BATCHES);
        if (!isStruck) break;
        reached = at;
      }
      expect(reached).toBeGreaterThan(3 * BATCHES);
    });
  }

  test("lands each batch exactly once under many faults at random", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const inner = memoryStore({ world: simulatedWorld(seed) });
      const random = { chance: 0.15, effects: DEADLY_FAULTS };
      for (let process = 0; process < 200; process += 1) {
        const world = simulatedWorld(seed * 1000 + process);
        const store = faultyStore(inner, { world, random });
        const isDone = await writeBatches(logOf(store, world), configuration).then(
          () => true,
          (error: unknown) => failsAsPlanned(error),
        );
        if (isDone) break;
      }
      expect(await landedBatches(inner)).toEqual(ALL_BATCHES);
    }
  });
});

describe("a writer that is stopped, and wakes up when another one has taken over", () => {
  for (const when of ["before", "after"] as const) {
    test(`lands nothing twice, whichever call it was stopped ${when} (F11)`, async () => {
      let reached = 0;
      for (let at = 1; at < 1000; at += 1) {
        const inner = memoryStore({ world: simulatedWorld(at) });
        const world = simulatedWorld(at);
        const store = faultyStore(inner, { world, plan: [{ at, effect: { kind: "pause", when } }] });
        const sleeper = writeBatches(logOf(store, world)).then(
          () => "done",
          (error: unknown) => (isFailure(error) ? error.code : error),
        );
        const isStopped = await Promise.race([store.paused().then(() => true), sleeper.then(() => false)]);
        if (!isStopped) break;
        await writeBatches(testLog(inner));
        store.release();
        expect(["done", "table.superseded"]).toContain(await sleeper);
        expect(await landedBatches(inner)).toEqual(ALL_BATCHES);
        reached = at;
      }
      expect(reached).toBeGreaterThan(3 * BATCHES);
    });
  }
});

describe("a table that is written all the time", () => {
  test("ends a commit that is always too late, instead of trying for ever (F15)", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const base = await createTable(testLog(inner));
    const other = testLog(inner);
    // Whoever looks for the end of the log finds that somebody has just moved it.
    const store: ObjectStore = {
      // A plain object over the other store, whose members can be taken over one by one.
      ...countingStore(inner),
      create: async (path, body) => {
        if (path.endsWith(".json")) await other.commit(append(must(await other.latest()), [`faster ${path}`]));
        return await inner.create(path, body);
      },
    };
    await expect(testLog(store).commit(append(base, ["late"]))).rejects.toMatchObject({ code: "table.conflict" });
    expect(must(await testLog(inner).latest()).files.has("late")).toBe(false);
  });
});

describe("a commit whose answer is lost", () => {
  test("is recognised as its own (F16)", async () => {
    const { log, inner } = await tableStruckBy({ kind: "fail", when: "after" }, 1);
    const base = must(await log.latest());
    expect(committed(await log.commit(append(base, ["a"]))).version).toBe(1);
    expect((await testLog(inner).latest())?.version).toBe(1);
  });

  test("and did not happen is tried again at the same version", async () => {
    const { log, inner } = await tableStruckBy({ kind: "fail", when: "before" }, 3);
    const base = must(await log.latest());
    expect(committed(await log.commit(append(base, ["a"]))).version).toBe(1);
    expect([...((await testLog(inner).latest())?.files.keys() ?? [])]).toEqual(["a"]);
  });

  test("and stands against another's is rebuilt after it", async () => {
    const { log, inner } = await tableStruckBy({ kind: "fail", when: "before" }, 1);
    const base = must(await log.latest());
    committed(await testLog(inner).commit(append(base, ["theirs"])));
    expect(committed(await log.commit(append(base, ["ours"]))).version).toBe(2);
  });

  test("is reported as unknown when nothing can be asked", async () => {
    const { log, inner } = await tableStruckBy({ kind: "fail", when: "after" }, 1000, /00001\.json/);
    const base = must(await testLog(inner).latest());
    await expect(log.commit(append(base, ["a"]))).rejects.toThrow(/Cannot tell whether/);
  });
});

describe("what follows a commit", () => {
  test("never fails it, and is told of (F4)", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const created = await createTable(
      testLog(inner),
      metadataOf({ configuration: { "delta.checkpointInterval": "1" } }),
    );
    for (const path of [/\.crc$/, /checkpoint\.parquet$/, /_last_checkpoint$/]) {
      const world = simulatedWorld(2);
      const plan = [
        { at: 1, times: 100, path, effect: { kind: "fail", when: "before", code: "storage.full" } },
      ] as const;
      const warnings: string[] = [];
      const log = openLog(faultyStore(inner, { world, plan }), {
        world,
        checkpoints: TEXT_CHECKPOINTS,
        onWarning: (warning) => warnings.push(warning.message),
      });
      const base = (await testLog(inner).latest()) ?? created;
      committed(await log.commit(append(base, [`f${base.version}`])));
      expect(warnings).toHaveLength(1);
    }
    expect((await testLog(inner).latest())?.files.size).toBe(3);
  });
});

describe("many writers of one table", () => {
  test("lose no commit and double none, whatever they do (F10, F15)", async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const inner = memoryStore({ world: simulatedWorld(seed) });
      await createTable(testLog(inner), metadataOf({ configuration: CONFIGURATION }));
      const done = await Promise.all([0, 1, 2, 3, 4].map((writer) => writeAtRandom(inner, seed, writer)));
      const snapshot = await testLog(inner).latest();
      expect([...(snapshot?.files.keys() ?? [])].toSorted()).toEqual(playedInOrder(done.flat()));
    }
  });

  test("create a table once", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => testLog(inner).commit(creation())));
    expect(outcomes.filter((outcome) => outcome.kind === "committed")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === "conflict")).toHaveLength(3);
  });

  test("that was stopped for long enough finds its version cleaned up and does not write into the past (F11)", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const log = testLog(inner);
    const old = await createTable(log, metadataOf({ configuration: { "delta.checkpointInterval": "1" } }));
    let snapshot = old;
    for (const path of ["a", "b", "c"]) snapshot = committed(await log.commit(append(snapshot, [path])));
    for (const version of [0, 1, 2]) {
      const name = `_delta_log/${String(version).padStart(20, "0")}`;
      await inner.remove([`${name}.json`, `${name}.checkpoint.parquet`]);
    }
    await expect(testLog(inner).commit(append(old, ["late"]))).rejects.toMatchObject({ code: "table.conflict" });
    expect([...((await testLog(inner).latest())?.files.keys() ?? [])].toSorted()).toEqual(["a", "b", "c"]);
  });
});

interface Done {
  readonly version: number;
  readonly adds: readonly string[];
  readonly removes: readonly string[];
}

/** Appends, deletes, compacts and overwrites; a conflict is built anew on the newest snapshot. */
async function writeAtRandom(inner: ObjectStore, seed: number, writer: number): Promise<Done[]> {
  const random = seededRandom(seed * 100 + writer);
  const log = testLog(inner);
  const done: Done[] = [];
  for (let at = 0; at < 6; at += 1) {
    let base = must(await log.latest());
    for (let tried = 0; ; tried += 1) {
      const name = `w${writer}-${at}-${tried}`;
      const live = [...base.files.keys()];
      const victims = live.filter(() => random() < 0.4);
      const kind = random();
      const request =
        kind < 0.5 || victims.length === 0
          ? append(base, [name])
          : kind < 0.7
            ? rewrite(base, victims)
            : kind < 0.85
              ? rewrite(base, victims, { into: [name], dataChange: false })
              : { ...rewrite(base, live, { into: [name] }), reads: { wholeTable: true, files: new Set(live) } };
      const outcome = await log.commit(request);
      if (outcome.kind === "committed") {
        const removes = request.removes.map((remove) => remove.path);
        done.push({ version: outcome.version, adds: request.adds.map((add) => add.path), removes });
        break;
      }
      base = outcome.snapshot;
    }
  }
  return done;
}

/** Each version is one writer's; returns the files that are left when the commits are played in their order. */
function playedInOrder(done: readonly Done[]): string[] {
  const inOrder = done.toSorted((left, right) => left.version - right.version);
  expect(inOrder.map((one) => one.version)).toEqual(inOrder.map((_, index) => index + 1));
  const live = new Set<string>();
  for (const one of inOrder) {
    for (const path of one.removes) expect(live.delete(path)).toBe(true);
    for (const path of one.adds) live.add(path);
  }
  return [...live].toSorted();
}

/** Runs until done, each time as a new process; returns whether the fault was met. */
async function writeAll(
  store: FaultyStore,
  inner: ObjectStore,
  { seed, configuration }: { seed: number; configuration: Readonly<Record<string, string>> },
): Promise<boolean> {
  const world = simulatedWorld(seed);
  try {
    await writeBatches(logOf(store, world), configuration);
    return store.calls >= seed;
  } catch (error) {
    failsAsPlanned(error);
  }
  // The process is gone, or its disk was full once: another one goes on where it stopped.
  const second = simulatedWorld(seed + 100_000);
  await writeBatches(logOf(inner, second), configuration);
  return true;
}

/** Batches 1 … n, each with the transaction that says where the table is. */
async function writeBatches(
  log: DeltaLog,
  configuration: Readonly<Record<string, string>> = CONFIGURATION,
): Promise<void> {
  if ((await log.latest()) === undefined) await log.commit(creation(metadataOf({ configuration })));
  for (;;) {
    const base = must(await log.latest());
    const last = base.txns.get("feed")?.version ?? 0;
    if (last >= BATCHES) return;
    const batch = last + 1;
    const claim = { appId: "feed", version: batch, expected: last === 0 ? -1 : last };
    await log.commit(append(base, [`batch-${batch}-${base.version}`], { txns: [claim] }));
  }
}

/** Also that the checkpoints say the same as the commits. Returns the batches found. */
async function landedBatches(inner: ObjectStore): Promise<number[]> {
  const snapshot = must(await testLog(inner).latest());
  const withoutCheckpoints = memoryStore({ world: simulatedWorld(1) });
  for await (const { path } of inner.list("_delta_log/0")) {
    if (path.endsWith(".json")) await withoutCheckpoints.create(path, await inner.read(path));
  }
  expect(shownSnapshot(await testLog(withoutCheckpoints).latest())).toEqual(shownSnapshot(snapshot));
  expect(snapshot.version).toBe(BATCHES);
  return [...snapshot.files.keys()].map((path) => Number(path.split("-")[1])).toSorted((left, right) => left - right);
}

function failsAsPlanned(error: unknown): false {
  if (error instanceof SimulatedCrash || isFailure(error, "storage.unavailable") || isFailure(error, "storage.full")) {
    return false;
  }
  throw error;
}

function logOf(store: ObjectStore, world: World): DeltaLog {
  // What could not be written after a commit is a warning, and expected here.
  return openLog(store, { world, checkpoints: TEXT_CHECKPOINTS });
}

async function tableStruckBy(effect: Effect, times: number, path = /0{19}1\.json$/) {
  const inner = memoryStore({ world: simulatedWorld(1) });
  await createTable(testLog(inner));
  const world = simulatedWorld(3);
  const plan = [{ at: 1, times, operation: "create", path, effect } as const];
  const all = [{ at: 1, times, path, effect }];
  const store = faultyStore(inner, { world, plan: times > 100 ? all : plan });
  return { inner, log: logOf(store, world) };
}

function must(snapshot: Snapshot | undefined): Snapshot {
  if (snapshot === undefined) throw new Error("the table exists");
  return snapshot;
}
