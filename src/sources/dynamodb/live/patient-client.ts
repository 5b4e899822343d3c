import { jitteredDelayMs, type RetryPolicy, type World } from "../../../base/index.ts";
import { isFault, type TableClient } from "./table-client.ts";

/** A shard has two readers at most, and descriptions ten requests a second: who comes third waits for seconds, not longer. */
const BUSY: RetryPolicy = { attemptsMax: 12, baseDelayMs: 100, maxDelayMs: 5_000 };

/** Makes a request until it is not told to slow down any more. */
export function patience(world: World): <T>(request: () => Promise<T>) => Promise<T> {
  return async (request) => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await request();
      } catch (error) {
        if (!isFault(error, "throttled") || tried >= BUSY.attemptsMax) throw error;
        await world.sleep(jitteredDelayMs(world, BUSY, tried));
      }
    }
  };
}

/** A client that asks again when it is told to slow down, with exponential back-off and full jitter. Scans and reads of
 * items have a budget and wait by themselves. */
export function patientClient(client: TableClient, world: World): TableClient {
  const patiently = patience(world);
  return {
    where: client.where,
    scan: async (request) => await client.scan(request),
    getItems: async (keys) => await client.getItems(keys),
    describeTable: async () => await patiently(async () => await client.describeTable()),
    describeStream: async (arn) => await patiently(async () => await client.describeStream(arn)),
    iterator: async (request) => await patiently(async () => await client.iterator(request)),
    records: async (iterator) => await patiently(async () => await client.records(iterator)),
    capacity: client.capacity,
    close: () => client.close(),
  };
}
