import type { World } from "../../../base/index.ts";
import { patience } from "../live/patient-client.ts";
import type { ExportClient } from "./export-client.ts";

/** A client that asks again when it is told to slow down. That too many exports are under way is an answer: it may last for hours. */
export function patientExportClient(client: ExportClient, world: World): ExportClient {
  const patiently = patience(world);
  return {
    where: client.where,
    describeTable: async () => await patiently(async () => await client.describeTable()),
    recovery: async () => await patiently(async () => await client.recovery()),
    list: async (arn) => await patiently(async () => await client.list(arn)),
    describe: async (arn) => await patiently(async () => await client.describe(arn)),
    request: async (...order) => await patiently(async () => await client.request(...order)),
    close: () => client.close(),
  };
}
