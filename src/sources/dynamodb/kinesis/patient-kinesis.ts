import type { World } from "../../../base/index.ts";
import { patience } from "../live/patient-client.ts";
import type { KinesisClient } from "./kinesis-client.ts";

/** A client that asks again when it is told to slow down: others read the stream, too, and a shard gives 2 MB a second. */
export function patientKinesis(client: KinesisClient, world: World): KinesisClient {
  const patiently = patience(world);
  return {
    where: client.where,
    describe: async () => await patiently(async () => await client.describe()),
    isFed: async () => await patiently(async () => await client.isFed()),
    iterator: async (from) => await patiently(async () => await client.iterator(from)),
    records: async (iterator) => await patiently(async () => await client.records(iterator)),
    close: () => client.close(),
  };
}
