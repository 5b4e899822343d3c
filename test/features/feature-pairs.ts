import { join } from "node:path";
import { expect, test } from "vitest";
import { realWorld, simulatedWorld } from "../../src/base/index.ts";
import { openLog } from "../../src/delta/index.ts";
import { FEATURES } from "../../src/delta/features/registry.ts";
import type { Engine, OpenTable, Relation } from "../../src/engine/index.ts";
import { localStore } from "../../src/storage/index.ts";
import { canonicalRows, type DeltaStruct } from "../services/canonical-rows.ts";
import type { Judge } from "../services/judges.ts";
import { OTHER_NAMES, USES, combinations, creationOf, nameOf, rowsSql, type FeatureUse } from "./every-feature.ts";

export interface PairsPlace {
  readonly engine: Engine;
  readonly folder: string;
  readonly judges: ReadonlyMap<string, Judge>;
}

const SEED = Number(process.env["SLUICE_SEED"] ?? "20261129");
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
/** Of some hundred and fifty: others every time that CI is told another seed, all of them at night. */
const SAMPLE = 6;

/** What delta-rs 1.6.3 does not read. */
const UNREAD_BY_DELTA_RS: ReadonlySet<string> = new Set(["vacuumProtocolCheck", "typeWidening"]);

/** Every feature alone and every pair that a table can have: what we write is read alike by others. */
export function featurePairs(place: () => PairsPlace): void {
  test("every feature that we write is among those that are combined", () => {
    const written = [...FEATURES.values()].filter(({ write }) => write === "yes").map(({ name }) => name);
    const combined = new Set(USES.map((use) => use.feature));
    expect(written.filter((name) => !combined.has(name) && !OTHER_NAMES.has(name))).toEqual([]);
  });

  test("every feature alone and with every other", { timeout: 7_200_000 }, async () => {
    const chosen = sample(combinations());
    process.stderr.write(`features: ${chosen.length} combinations by SLUICE_SEED=${SEED}\n`);
    const { engine, folder, judges } = place();
    const failures: object[] = [];
    for (const [index, uses] of chosen.entries()) {
      const what = uses.map(nameOf).join(" + ");
      const path = join(folder, `pair ${index}`);
      const ours = await writeTable(engine, path, uses).catch((error: unknown) => String(error));
      if (typeof ours === "string") {
        failures.push({ what, ours });
        continue;
      }
      for (const [name, judge] of judges) {
        if (name === "delta-rs" && uses.some((use) => UNREAD_BY_DELTA_RS.has(use.feature))) continue;
        const theirs = await judge.rows(path).then(
          ({ count, sha256, version }) => ({ count, sha256, version }),
          (error: unknown) => String(error),
        );
        if (JSON.stringify(theirs) !== JSON.stringify(ours)) failures.push({ what, name, theirs, ours });
      }
    }
    expect(failures).toEqual([]);
  });
}

function sample(all: readonly (readonly FeatureUse[])[]): readonly (readonly FeatureUse[])[] {
  if (IS_NIGHT) return all;
  const world = simulatedWorld(SEED);
  return all
    .map((uses) => ({ uses, order: world.random() }))
    .toSorted((left, right) => left.order - right.order)
    .slice(0, SAMPLE)
    .map(({ uses }) => uses);
}

interface Written {
  readonly count: number;
  readonly sha256: string;
  readonly version: number;
}

/** One of every kind of write, and what the table holds afterwards. */
async function writeTable(engine: Engine, path: string, uses: readonly FeatureUse[]): Promise<Written> {
  const create = creationOf(uses);
  const open = async (): Promise<OpenTable> => {
    const store = localStore(path);
    const log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
    return { name: path, store, log, snapshot: await log.latest() };
  };
  const rows = (from: number, to: number, v = 0): Relation => ({ sql: rowsSql(uses, { from, to, v }), inputs: {} });
  await engine.append(await open(), rows(0, 6), { create });
  for (const change of uses.flatMap((use) => use.changes ?? [])) await engine.alter(await open(), change);
  await engine.append(await open(), rows(6, 10));
  const values = new Map(Array.from({ length: 10 }, (_, id) => [id, 0]));
  if (!uses.some((use) => use.feature === "appendOnly")) {
    await engine.delete(await open(), "id in (1, 7)");
    await engine.merge(await open(), { source: rows(5, 12, 1), keys: ["id"] });
    await engine.update(await open(), { set: { v: "v + 5" }, where: "id % 4 = 0" });
    values.delete(1);
    for (let id = 5; id < 12; id += 1) values.set(id, 1);
    for (const [id, v] of values) if (id % 4 === 0) values.set(id, v + 5);
  }
  await engine.optimize(await open(), { deletedShareMax: 0 });
  const table = await open();
  const found = await engine.rows({ sql: "SELECT * FROM t", inputs: { t: { kind: "table", table } } });
  expect(new Map(found.map((row) => [Number(row["id"]), Number(row["v"])] as const).toSorted(byId))).toEqual(
    new Map([...values].toSorted(byId)),
  );
  const { snapshot } = table;
  for (const { feature } of uses) expectUse(snapshot?.protocol, feature);
  const { count, sha256 } = canonicalRows(JSON.parse(snapshot?.metadata.schemaString ?? "{}") as DeltaStruct, found);
  return { count, sha256, version: snapshot?.version ?? -1 };
}

/** Features from before there was a list of them are implied by the versions. */
function expectUse(
  protocol: { readonly minWriterVersion: number; readonly writerFeatures?: readonly string[] } | undefined,
  name: string,
): void {
  if (protocol?.minWriterVersion === 7) expect(protocol.writerFeatures).toContain(name);
  else expect(FEATURES.get(name)?.legacyWriter).toBeLessThanOrEqual(protocol?.minWriterVersion ?? 0);
}

function byId(left: readonly number[], right: readonly number[]): number {
  return (left[0] ?? 0) - (right[0] ?? 0);
}
