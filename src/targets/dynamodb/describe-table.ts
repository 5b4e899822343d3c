import type * as Sdk from "@aws-sdk/client-dynamodb";
import { SluiceError, type World } from "../../base/index.ts";
import type { TargetCapacity } from "../target.ts";
import type { KeyAttribute } from "./key-attributes.ts";
import type { Requests } from "./requests.ts";

/** A change of capacity takes a minute or two; after this long somebody has to look. */
const CHANGE_MS_MAX = 15 * 60_000;
const LOOK_MS = 1_000;

export interface DescribedTable {
  readonly arn: string;
  readonly keys: readonly KeyAttribute[];
  /** Provisioned units; undefined for a table that is paid by the request. */
  readonly write: number | undefined;
  readonly read: number;
  readonly isActive: boolean;
}

export async function describeTable(requests: Requests): Promise<DescribedTable> {
  const { connection, table } = requests;
  const { Table } = await requests.send(
    async (options) =>
      await connection.client.send(new connection.sdk.DescribeTableCommand({ TableName: table }), options),
    { verb: "look at" },
  );
  const types = new Map(Table?.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
  const byRole = (role: Sdk.KeyType): readonly KeyAttribute[] =>
    (Table?.KeySchema ?? [])
      .filter((one) => one.KeyType === role)
      .map(({ AttributeName: name = "" }) => ({ name, type: types.get(name) ?? "S" }));
  return {
    arn: Table?.TableArn ?? table,
    keys: [...byRole("HASH"), ...byRole("RANGE")],
    ...provisionedOf(Table),
    isActive: Table?.TableStatus === "ACTIVE",
  };
}

function provisionedOf(table: Sdk.TableDescription | undefined): Pick<DescribedTable, "read" | "write"> {
  const { ReadCapacityUnits: read = 0, WriteCapacityUnits: write = 0 } = table?.ProvisionedThroughput ?? {};
  const isOnDemand = write === 0 || table?.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST";
  return { read, write: isOnDemand ? undefined : write };
}

/** A key attribute as the definition has it: text can fill `S`, a number `S` and `N`, bytes `B`. */
export interface WantedKey {
  readonly attribute: string;
  readonly kind: "text" | "number" | "bytes";
}

const FILLED: Readonly<Record<WantedKey["kind"], readonly KeyAttribute["type"][]>> = {
  text: ["S"],
  number: ["S", "N"],
  bytes: ["B"],
};

/** Fails unless the table's key is what the definition says, in that order, and of types that it can fill. */
export function checkKeys(table: string, { keys }: DescribedTable, wanted: readonly WantedKey[]): void {
  const [found, named] = [keys.map((key) => key.name), wanted.map((key) => key.attribute)];
  if (found.join("\0") !== named.join("\0")) {
    throw new SluiceError(
      "target.invalid",
      `Cannot publish to the DynamoDB table ${table}: its key is (${found.join(", ")}), and \`keys\` says (${named.join(", ")})`,
      { facts: { table }, advice: "Name the table's own key attributes in `publish.keys`, the partition key first." },
    );
  }
  for (const [index, { name, type }] of keys.entries()) {
    const kind = wanted[index]?.kind ?? "text";
    if (FILLED[kind].includes(type)) continue;
    throw new SluiceError(
      "target.invalid",
      `Cannot publish to the DynamoDB table ${table}: its key ${name} is of type ${type}, and \`keys\` gives ${kind}`,
      {
        facts: { table, key: name },
        advice: "A key of type N takes a template of one numeric column, one of type B of one binary column.",
      },
    );
  }
}

/** The provisioned capacity of the table, which indexes do not take part in; undefined where there is none. */
export function capacityOf(requests: Requests, described: DescribedTable, world: World): TargetCapacity | undefined {
  const { arn, write } = described;
  if (write === undefined) return undefined;
  const { connection, table } = requests;
  return {
    place: arn,
    units: async () => (await until(requests, world, () => true)).write,
    set: async (units) => {
      // A change that is still under way, perhaps that of a run before, does not let another one begin.
      const now = await until(requests, world, () => true);
      if (now.write === undefined || now.write === units) return;
      await requests.send(
        async (options) =>
          await connection.client.send(
            new connection.sdk.UpdateTableCommand({
              TableName: table,
              // As it is now: somebody else, such as a scan, may have changed it.
              ProvisionedThroughput: { ReadCapacityUnits: now.read, WriteCapacityUnits: units },
            }),
            options,
          ),
        { verb: "change the capacity of" },
      );
      await until(requests, world, ({ write: changed }) => changed === units);
    },
  };
}

/** The table once it is active and so; fails with `target.unavailable` when that takes too long. */
async function until(
  requests: Requests,
  world: World,
  isSo: (table: DescribedTable) => boolean,
): Promise<DescribedTable> {
  for (let waitedMs = 0; waitedMs < CHANGE_MS_MAX; waitedMs += LOOK_MS) {
    const described = await describeTable(requests);
    if (described.isActive && isSo(described)) return described;
    await world.sleep(LOOK_MS);
  }
  throw new SluiceError(
    "target.unavailable",
    `Cannot change the capacity of the DynamoDB table ${requests.table}: it does not become active`,
    { facts: { table: requests.table } },
  );
}
