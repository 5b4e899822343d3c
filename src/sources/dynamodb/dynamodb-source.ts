import { RateLimit, must, type World } from "../../base/index.ts";
import type { NoteStore, ObjectStore } from "../../storage/index.ts";
import type { Channel, Source } from "../source.ts";
import { hintedShapes } from "./columns/hints.ts";
import { exportChannels } from "./export-channels.ts";
import { deliveredChannels, type DeliveredOptions, type Deliveries } from "./delivered-channels.ts";
import type { KinesisClient } from "./kinesis/kinesis-client.ts";
import { incrementChannel, type IncrementOptions } from "./increments/increment-channel.ts";
import type { IndexClient } from "./increments/index-client.ts";
import { patientClient } from "./live/patient-client.ts";
import { plainFailures } from "./live/plain-failures.ts";
import { RaisedRead } from "./live/raised-read.ts";
import { ReadBudget, type ReadCapacity } from "./live/read-budget.ts";
import { SourceClock } from "./live/source-clock.ts";
import { scanChannel, type LiveNeeds } from "./live/scan-channel.ts";
import { streamChannel } from "./live/stream-channel.ts";
import { tableContents } from "./live/table-contents.ts";
import type { TableClient } from "./live/table-client.ts";
import type { DynamoDbExportsOptions } from "./options.ts";
import type { ExportClient } from "./requests/export-client.ts";
import type { RequestSettings } from "./requests/request-channel.ts";
import { rebuildRecord } from "./rebuild-record.ts";
import { ScanThreads } from "./scan/scan-threads.ts";

export interface ScanSettings {
  readonly readCapacity?: ReadCapacity;
  readonly raiseTo?: number;
  readonly segments?: number;
  readonly everyMs?: number;
}

export interface IncrementSettings extends Pick<
  IncrementOptions,
  "index" | "attribute" | "partitions" | "overlapMs" | "everyMs"
> {
  readonly readCapacity?: number;
}

export interface DynamoDbSourceOptions extends DynamoDbExportsOptions, Pick<DeliveredOptions, "kinesis" | "firehose"> {
  readonly scan?: ScanSettings;
  readonly stream?: boolean;
  /** Reads the items that the stream tells of without an image, with so many read units a second. */
  readonly fetchItems?: { readonly readCapacity?: number };
  /** Exports are asked for. */
  readonly requests?: RequestSettings;
  /** Bytes of records that a batch of the stream takes in. 64 MiB unless told. */
  readonly streamBatchBytes?: number;
  /** What changed is read from an index. */
  readonly incremental?: IncrementSettings;
}

export interface DynamoDbNeeds {
  readonly world: World;
  /** Its root is the folder below which the exports lie; undefined: there are none. */
  readonly exports?: ObjectStore;
  /** The place that Firehose delivers to; undefined: it does not. */
  readonly firehose?: Deliveries;
  /** For `scan` and `stream`, and to look at the table itself. */
  readonly client?: TableClient;
  /** For `kinesis`. */
  readonly kinesisClient?: KinesisClient;
  /** For `incremental`. */
  readonly indexClient?: IndexClient;
  /** For `raiseTo` of a scan: a folder of the lake where all who raise a capacity keep notes. */
  readonly notes?: NoteStore;
  /** For `requests`. */
  readonly exportClient?: ExportClient;
}

/**
 * A DynamoDB table by its channels: its exports or a scan, and its stream.
 * Fails with `config.invalid` when a hint cannot be followed.
 */
export function dynamodbSource(
  options: DynamoDbSourceOptions,
  { world: own, exports, firehose, client, indexClient, kinesisClient, exportClient, notes }: DynamoDbNeeds,
): Source {
  const hints = hintedShapes(options);
  const threads = new ScanThreads();
  const channels: Channel[] = [];
  channels.push(...deliveredChannels(options, { world: own, hints, threads, kinesisClient, deliveries: firehose }));
  const changes = [...(options.stream === true ? ["stream"] : []), ...channels.map(({ name }) => name)];
  const hasStream = changes.length > 0;
  if (client !== undefined) {
    const { scan, stream = false, fetchItems, incremental } = options;
    const clock = new SourceClock(own);
    const { world } = clock;
    const patient = clock.setBy(patientClient(client, own));
    const itemLimit = limitOf(own, fetchItems?.readCapacity);
    const scanning = scanNeeds(patient, { world: own, notes }, scan);
    const parts = {
      needs: { client: patient, impatient: client, world, clock, ...scanning, ...itemLimit },
      hints,
      threads,
    };
    if (stream) {
      const has = { hasScan: scan !== undefined, hasRequests: options.requests !== undefined };
      const others = changes.filter((name) => name !== "stream");
      const streamOptions = { ...options, ...has, others, fetchesItems: fetchItems !== undefined };
      channels.push(plainFailures(streamChannel(streamOptions, parts), client));
    }
    if (incremental !== undefined && indexClient !== undefined) {
      const { readCapacity, ...settings } = incremental;
      const needs = { client: patient, world, ...limitOf(own, readCapacity) };
      const increments = { ...options, ...settings, hasScan: scan !== undefined };
      const channel = incrementChannel(increments, { ...parts, needs, client: clock.setByIndex(indexClient) });
      channels.push(plainFailures(channel, client));
    }
    if (scan !== undefined) {
      const beside = incremental === undefined ? changes : [...changes, "incremental"];
      channels.push(plainFailures(scanChannel({ ...options, ...scan, hasStream, changes: beside }, parts), client));
    }
  }
  if (exports !== undefined) {
    channels.push(
      ...exportChannels(
        { ...options, hasStream, changes },
        { world: own, store: exports, client: exportClient, hints, threads },
      ),
    );
  }
  return {
    system: "dynamodb",
    table: options.table,
    channels,
    rebuild: (row, schema) => rebuildRecord(row, schema, options.keys),
    locate: async (file, key) => {
      const { locateRecord, locateDelivered } = await import("./locate-record.ts");
      const line = exports === undefined ? undefined : await locateRecord(exports, file, key, options.keys);
      if (line !== undefined || firehose === undefined) return line;
      return await locateDelivered(firehose.store, file, key, options.keys);
    },
    ...(client === undefined
      ? {}
      : { contents: tableContents({ ...options, ...options.scan }, { client: patientClient(client, own), hints }) }),
    close: () => {
      client?.close();
      kinesisClient?.close();
      indexClient?.close();
      exportClient?.close();
    },
  };
}

function scanNeeds(
  client: TableClient,
  { world, notes }: { readonly world: World; readonly notes: NoteStore | undefined },
  { readCapacity, raiseTo }: ScanSettings = {},
): Pick<LiveNeeds, "budget" | "raised"> {
  const budget = readCapacity === undefined ? {} : { budget: new ReadBudget(world, readCapacity) };
  if (raiseTo === undefined) return budget;
  const shared = { world, notes: must(notes, "capacity is raised where there is a place for notes") };
  return { ...budget, raised: new RaisedRead(client, shared, raiseTo) };
}

function limitOf(world: World, readCapacity: number | undefined): Pick<LiveNeeds, "itemLimit"> {
  return readCapacity === undefined ? {} : { itemLimit: new RateLimit(world, { perSecond: readCapacity }) };
}
