import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/index.ts";
import { oneTableLakes, type OneTableLakes } from "../faults/one-table-lake.ts";
import { sluice, sluiceOk, startSluice } from "../faults/product.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { LiveTable, orderItem, type Item } from "./live-table.ts";

/** One seed a run; a failing one is printed and can be given back in SLUICE_SEED. */
const SEED = Number(process.env["SLUICE_SEED"] ?? "20260128");
const CHANGES = process.env["SLUICE_NIGHTLY"] === "true" ? 200_000 : 6_000;
const KEYS = CHANGES / 20;
/** Beyond the longest step of such a lake on a busy machine, so that every moment of a run is hit. */
const KILL_MS_MAX = 6_000;

describe.skipIf(!requirePart("dynamodb-local"))("a table that is written to while it is loaded", () => {
  let server: DynamoDbServer;
  let lakes: OneTableLakes;

  beforeAll(async () => {
    [server, lakes] = await Promise.all([startDynamoDbLocal(), oneTableLakes()]);
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await lakes[Symbol.asyncDispose]();
  });

  test(
    "is in Silver as it is, and each change is in Bronze once, however often the process is killed",
    { timeout: 1_800_000 },
    async () => {
      process.stderr.write(`live: kills by SLUICE_SEED=${SEED}\n`);
      const random = seededRandom(SEED);
      const table = await LiveTable.create(server, "orders");
      const from = `scan: { segments: 3 }, stream: true, endpoint: "${server.endpoint}",`;
      const lake = lakes.newLake({ table: "orders", keys: ["order_id"], from, columns: "amount: s.decimal(20, 2)," });
      const writer = new Writer(table, random);
      await writer.write(CHANGES / 4);
      const writing = writer.write(CHANGES);
      let kills = 0;
      while (writer.changes < CHANGES) {
        // One that stays does so until it is killed.
        const words = random() < 0.5 ? ["run"] : ["start", "--flush", "500 ms"];
        const finished = await sluice(lake, words, { killAfterMs: 200 + random() * KILL_MS_MAX });
        if (finished.signal !== null) kills += 1;
        else expect({ status: finished.status, said: finished.stderr }).toMatchObject({ status: 0 });
      }
      await writing;
      // What is asked to end finishes what it is at, and says so; nothing of it is to be done again.
      const keeping = startSluice(lake, ["start", "--flush", "500 ms"]);
      await keeping.said("Keeping");
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      keeping.child.kill("SIGTERM");
      const ended = await keeping.finished;
      expect({ status: ended.status, said: ended.stderr }).toMatchObject({
        status: 143,
        said: expect.stringContaining("Stopping after the step at hand") as string,
      });
      await sluiceOk(lake, "run");
      process.stderr.write(`live: survived ${kills} kills\n`);
      expect(kills).toBeGreaterThan(0);
      expect(await lakes.reader.faults(lake.lake)).toEqual([]);

      const items = await table.items();
      const rows = await lakes.reader.rows(lake.lake, "SELECT order_id, amount::VARCHAR AS amount FROM t", {
        t: "silver/things",
      });
      const amounts = new Map([...items].map(([key, item]) => [key, item["amount"]?.N]));
      expect(new Map(rows.map((row) => [row["order_id"], row["amount"]]))).toEqual(amounts);
      const [events] = await lakes.reader.rows(
        lake.lake,
        "SELECT count(*) AS n, count(DISTINCT _event_id) AS d FROM t WHERE _op NOT IN ('R', 'T')",
        { t: "bronze/things" },
      );
      expect(events).toEqual({ n: BigInt(writer.changes), d: BigInt(writer.changes) });

      const [key = ""] = items.keys();
      const { stdout } = await sluiceOk(lake, "trace", "silver.things", key, "--record", "--json");
      const { bronze: traced } = JSON.parse(stdout) as { readonly bronze: readonly { readonly record: object }[] };
      expect(traced.at(-1)?.record).toMatchObject({ dynamodb: { NewImage: items.get(key) } });
      expect(JSON.parse((await sluiceOk(lake, "run", "--json")).stdout)).toMatchObject({
        tables: [{ outcome: "unchanged" }, { outcome: "unchanged" }],
      });
    },
  );
});

/** Puts and deletes that each change something; one key is changed in every tenth request. */
class Writer {
  changes = 0;
  readonly #table: LiveTable;
  readonly #random: () => number;
  readonly #there = new Set<string>();

  constructor(table: LiveTable, random: () => number) {
    this.#table = table;
    this.#random = random;
  }

  async write(upTo: number): Promise<void> {
    while (this.changes < upTo) {
      const batch = new Map<string, Item | string>();
      // A request names a key once.
      while (batch.size < 100) {
        const key = this.#random() < 0.001 ? "hot" : `o-${Math.floor(this.#random() * KEYS)}`;
        if (batch.has(key)) continue;
        const isDelete = this.#there.has(key) && this.#random() < 0.3;
        if (isDelete) this.#there.delete(key);
        else this.#there.add(key);
        batch.set(key, isDelete ? key : orderItem(key, `${this.changes + batch.size}.25`));
      }
      await this.#table.writeAll([...batch.values()]);
      this.changes += batch.size;
    }
  }
}
