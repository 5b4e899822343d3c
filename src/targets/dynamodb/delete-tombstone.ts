import { answerOf } from "../../base/index.ts";
import { OWN_WRITE, type AttributeMap } from "../../contract/index.ts";
import type { PublishSequence } from "../target.ts";
import { asSdk } from "./put-item.ts";
import type { Requests } from "./requests.ts";

/** Removes what stands for a deleted row; nothing is removed where there is anything else by now. */
export async function deleteTombstone(
  requests: Requests,
  {
    key,
    publisher,
    sequence,
    keep,
  }: {
    readonly key: AttributeMap;
    readonly publisher: string;
    readonly sequence: PublishSequence;
    readonly keep: () => Promise<void>;
  },
): Promise<void> {
  const { client, sdk } = requests.connection;
  const command = new sdk.DeleteItemCommand({
    TableName: requests.table,
    Key: asSdk(key),
    ConditionExpression: "attribute_exists(#m.#d) AND #m.#p = :p AND #m.#e = :e AND #m.#v = :v",
    ExpressionAttributeNames: { "#m": OWN_WRITE, "#d": "deleted", "#p": "publisher", "#e": "epoch", "#v": "version" },
    ExpressionAttributeValues: asSdk({
      ":p": { S: publisher },
      ":e": { N: String(sequence.epoch) },
      ":v": { N: String(sequence.version) },
    }),
    ReturnConsumedCapacity: "TOTAL",
  });
  try {
    await requests.send(async (options) => await client.send(command, options), { verb: "write to", units: 1, keep });
  } catch (error) {
    if (answerOf(error).code !== "ConditionalCheckFailedException") throw error;
  }
}
