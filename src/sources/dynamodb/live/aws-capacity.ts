import type { ProvisionedThroughputDescription, TableDescription } from "@aws-sdk/client-dynamodb";
import { isFailure } from "../../../base/index.ts";
import { asked, type Tables, type Where } from "./aws-connection.ts";
import type { CapacityClient, TableCapacity } from "./table-capacity.ts";
import { isFault } from "./table-client.ts";

/** Stands at the table while its read capacity is raised: with the table, nobody loses it, and everybody sees it. */
const TAG = "sluice:read-capacity-before";

export function awsCapacity(tables: () => Tables, where: Where): CapacityClient {
  return {
    change: async ({ read, write }) => {
      const { sdk, client } = tables();
      const command = new sdk.UpdateTableCommand({
        TableName: where.table,
        ProvisionedThroughput: { ReadCapacityUnits: read, WriteCapacityUnits: write },
      });
      try {
        await asked("change the read capacity of the table", where, async () => await client.send(command));
        return "asked";
      } catch (error) {
        // What is a limit of requests elsewhere is here one of changes a day.
        if (isFault(error, "throttled")) return "later";
        throw error;
      }
    },
    raisedFrom: async (ResourceArn) => {
      const { sdk, client } = tables();
      let next: string | undefined;
      do {
        const request = { ResourceArn, ...(next === undefined ? {} : { NextToken: next }) };
        const command = new sdk.ListTagsOfResourceCommand(request);
        const { Tags = [], NextToken } = await asked("read the tags of the table", where, async () => await client.send(command)); // prettier-ignore
        const value = Tags.find(({ Key }) => Key === TAG)?.Value;
        if (value !== undefined && /^[1-9]\d{0,8}$/.test(value)) return Number(value);
        next = NextToken;
      } while (next !== undefined);
      return undefined;
    },
    keep: async (ResourceArn, raisedFrom) => {
      const { sdk, client } = tables();
      await asked("tag the table", where, async () => {
        if (raisedFrom === undefined) {
          await client.send(new sdk.UntagResourceCommand({ ResourceArn, TagKeys: [TAG] }));
        } else {
          const Tags = [{ Key: TAG, Value: String(raisedFrom) }];
          await client.send(new sdk.TagResourceCommand({ ResourceArn, Tags }));
        }
      });
    },
    tableReadMost: async () => {
      const { sdk, client } = tables();
      try {
        const command = new sdk.DescribeLimitsCommand({});
        const answer = await asked("ask for the account's limits", where, async () => await client.send(command));
        return answer.TableMaxReadCapacityUnits;
      } catch (error) {
        // Not everybody who may read a table may ask for these; then AWS's own default counts, and the plan says so.
        if (isFailure(error, "source.denied") || isFault(error, "throttled")) return undefined;
        throw error;
      }
    },
  };
}

export function capacityOf(table: TableDescription): TableCapacity {
  const { ProvisionedThroughput: provisioned, BillingModeSummary: billing, OnDemandThroughput: onDemand } = table;
  if (provisioned?.ReadCapacityUnits && billing?.BillingMode !== "PAY_PER_REQUEST") {
    return provisionedOf(provisioned, table.TableStatus === "ACTIVE");
  }
  const most = onDemand?.MaxReadRequestUnits ?? -1;
  return { kind: "on-demand", readMost: most > 0 ? most : undefined };
}

function provisionedOf(
  {
    ReadCapacityUnits,
    WriteCapacityUnits,
    NumberOfDecreasesToday,
    LastDecreaseDateTime,
  }: ProvisionedThroughputDescription,
  isActive: boolean,
): TableCapacity {
  return {
    kind: "provisioned",
    read: ReadCapacityUnits ?? 0,
    write: WriteCapacityUnits ?? 1,
    isActive,
    decreases: NumberOfDecreasesToday ?? 0,
    decreasedMs: LastDecreaseDateTime?.getTime(),
  };
}
