import {
  connectStreams,
  connectTables,
  whereOf,
  type AwsPlace,
  type StreamsOfTables,
  type Tables,
} from "./aws-connection.ts";
import { awsCapacity } from "./aws-capacity.ts";
import { iteratorOf, recordsOf, wholeStream } from "./aws-streams.ts";
import { describeTable, foundItems, scanPage } from "./aws-tables.ts";
import type { TableClient } from "./table-client.ts";

/** DynamoDB through its SDK. Credentials are the SDK's own to find. */
export function awsTableClient(place: AwsPlace): TableClient {
  let tables: Tables | undefined;
  let streams: StreamsOfTables | undefined;
  const table = (): Tables => (tables ??= connectTables(place));
  const stream = (): StreamsOfTables => (streams ??= connectStreams(place));
  const where = whereOf(place);
  return {
    where: where.at,
    describeTable: async () => await describeTable(table(), where),
    scan: async (request) => await scanPage(table(), where, request),
    getItems: async (keys) => await foundItems(table(), where, keys),
    describeStream: async (streamArn) => await wholeStream(stream(), where, streamArn),
    iterator: async (request) => await iteratorOf(stream(), where, request),
    records: async (iterator) => await recordsOf(stream(), where, iterator),
    capacity: awsCapacity(table, where),
    close: () => {
      tables?.client.destroy();
      streams?.client.destroy();
    },
  };
}
