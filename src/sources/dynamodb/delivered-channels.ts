import type { World } from "../../base/index.ts";
import type { Engine } from "../../engine/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { Channel } from "../source.ts";
import type { Shape } from "./columns/shapes.ts";
import { firehoseChannel } from "./firehose/firehose-channel.ts";
import type { DeliveryOptions } from "./firehose/options.ts";
import { kinesisChannel, type KinesisOptions } from "./kinesis/kinesis-channel.ts";
import type { KinesisClient } from "./kinesis/kinesis-client.ts";
import { patientKinesis } from "./kinesis/patient-kinesis.ts";
import { plainFailures } from "./live/plain-failures.ts";
import type { RecordOptions } from "./options.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";

export interface DeliveredOptions extends RecordOptions {
  /** The Kinesis stream that the table sends its changes to. */
  readonly kinesis?: Pick<KinesisOptions, "stream" | "sinceMs">;
  /** Files of Firehose, where there are such. */
  readonly firehose?: Pick<DeliveryOptions, "errors" | "latenessMs" | "exactAttributes">;
  /** What may fill a gap. */
  readonly scan?: unknown;
  readonly requests?: unknown;
  /** Whether the table's own stream is read, too. */
  readonly stream?: boolean;
}

export interface DeliveredParts {
  readonly world: World;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
  readonly kinesisClient?: KinesisClient | undefined;
  /** Undefined: Firehose does not deliver. */
  readonly deliveries?: Deliveries | undefined;
}

/** The root of `store` is the place that Firehose delivers to; `engine` reads what is Parquet there. */
export interface Deliveries {
  readonly store: ObjectStore;
  readonly engine: Engine;
}

/** The channels of changes that others deliver, and may deliver again. */
export function deliveredChannels(options: DeliveredOptions, parts: DeliveredParts): readonly Channel[] {
  const { world, hints, threads, kinesisClient, deliveries } = parts;
  const hasScan = options.scan !== undefined;
  const canFill = hasScan || options.requests !== undefined;
  const names = [
    ...(options.stream === true ? ["stream"] : []),
    ...(options.kinesis === undefined ? [] : ["kinesis"]),
    ...(deliveries === undefined ? [] : ["firehose"]),
  ];
  const besides = (own: string): Pick<KinesisOptions, "canFill" | "hasScan" | "others"> => ({
    canFill,
    hasScan,
    others: names.filter((name) => name !== own),
  });
  const channels: Channel[] = [];
  if (options.kinesis !== undefined && kinesisClient !== undefined) {
    const client = patientKinesis(kinesisClient, world);
    const kinesis = kinesisChannel(
      { ...options, ...options.kinesis, ...besides("kinesis") },
      { client, world, hints, threads },
    );
    channels.push(plainFailures(kinesis, client));
  }
  if (deliveries !== undefined) {
    channels.push(firehoseChannel({ ...options, ...options.firehose, ...besides("firehose") }, { ...deliveries, world, hints, threads })); // prettier-ignore
  }
  return channels;
}
