import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  type DynamoDBClient,
  ScanCommand,
  type AttributeValue,
  type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { must } from "../../src/base/index.ts";
import { openNewest } from "../../src/layers/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  dynamodbTarget,
  gold,
  openLake,
  resolveLake,
  s,
  silver,
  sql,
  type DynamoDbTargetOptions,
  type Lake,
  type LakeOptions,
} from "../../src/lake/index.ts";

export interface PublishedLake extends AsyncDisposable {
  readonly folder: string;
  readonly lake: Lake;
  /** Replaces the rows of `gold.daily` by those of a SELECT, in one version; which one it is. */
  write(select: string): Promise<number>;
  /** The same lake, opened anew, by another definition of the target. */
  again(target?: Partial<DynamoDbTargetOptions>, options?: LakeOptions): Lake;
}

type TargetOptions = Omit<DynamoDbTargetOptions, "table"> & { readonly table: string };

/** A lake whose one Gold table the test writes itself, and that is published to a DynamoDB table. */
export async function publishedLake(target: TargetOptions, options: LakeOptions = {}): Promise<PublishedLake> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-publish-"));
  const open = (changed: Partial<DynamoDbTargetOptions>, opened: LakeOptions): Lake =>
    openLake(resolveLake(lakeOf({ ...target, ...changed }), { folder, env: { SLUICE_THREADS: "1" } }), opened);
  const lake = open({}, options);
  const opened = [lake];
  return {
    folder,
    lake,
    write: async (select) => await writeDaily(lake, select),
    again: (changed = {}, more = options) => {
      const other = open(changed, more);
      opened.push(other);
      return other;
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of opened) await one[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function lakeOf(target: DynamoDbTargetOptions) {
  const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], export: "./exports" }) });
  const orders = silver("orders", { from: raw, keys: ["id"], columns: { id: s.string() } });
  const daily = gold("daily", { query: sql`select id from ${orders}`, publish: dynamodbTarget(target) });
  return defineLake({ name: "shop", storage: "./lake", tables: [raw, orders, daily] });
}

export async function writeDaily(lake: Lake, select: string): Promise<number> {
  const table = await openNewest(lake.tables.place("gold", "daily"));
  const relation = { sql: select, inputs: {} };
  const schema = await lake.engine.schemaOf(relation);
  const outcome = await lake.engine.overwrite(table, relation, { create: { schema }, replaceSchema: schema });
  if (outcome.kind === "committed") return outcome.version;
  // No rows over no rows: it is as it was.
  return must(table.snapshot, `a table that is as it was is there: ${outcome.kind}`).version;
}

/** A table with these key attributes: `{ pk: "S", sk: "N" }`. */
export async function createTable(
  client: DynamoDBClient,
  table: string,
  keys: Readonly<Record<string, "S" | "N" | "B">>,
  more: Partial<CreateTableCommandInput> = { BillingMode: "PAY_PER_REQUEST" },
): Promise<void> {
  const names = Object.keys(keys);
  await client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: keys[name] })),
      KeySchema: names.map((name, index) => ({ AttributeName: name, KeyType: index === 0 ? "HASH" : "RANGE" })),
      ...more,
    }),
  );
}

export type Item = Readonly<Record<string, AttributeValue>>;

/** Every item of a table but the publisher's mark, with its marker apart. */
export async function itemsOf(
  client: DynamoDBClient,
  table: string,
): Promise<readonly { readonly item: Item; readonly marker: Item | undefined }[]> {
  const items: { item: Item; marker: Item | undefined }[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    for (const { _sluice: marker, ...item } of page.Items ?? []) {
      if (marker?.M?.["mark"] === undefined) items.push({ item, marker: marker?.M });
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

/** What readers see: items that are no tombstones, in the order of their JSON. */
export async function shownItems(client: DynamoDBClient, table: string): Promise<readonly Item[]> {
  const live = (await itemsOf(client, table)).filter(({ marker }) => marker?.["deleted"] === undefined);
  return live.map(({ item }) => item).toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
