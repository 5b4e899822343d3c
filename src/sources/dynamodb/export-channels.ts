import type { World } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { Channel } from "../source.ts";
import type { Shape } from "./columns/shapes.ts";
import { exportChannel } from "./exports.ts";
import { plainFailures } from "./live/plain-failures.ts";
import type { DynamoDbExportsOptions } from "./options.ts";
import { deadExports } from "./requests/dead-exports.ts";
import type { ExportClient } from "./requests/export-client.ts";
import { patientExportClient } from "./requests/patient-export-client.ts";
import { requestChannel, type RequestSettings } from "./requests/request-channel.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";

export interface ExportChannelsOptions extends Omit<DynamoDbExportsOptions, "hasStream" | "hasRequests"> {
  readonly hasStream: boolean;
  readonly requests?: RequestSettings;
}

interface ExportChannelsParts {
  readonly world: World;
  readonly store: ObjectStore;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
  /** For `requests`. */
  readonly client: ExportClient | undefined;
}

/** The exports of a table, behind the channel that asks for them where they are asked for. */
export function exportChannels(
  options: ExportChannelsOptions,
  { world, store, hints, threads, client }: ExportChannelsParts,
): readonly Channel[] {
  const { requests } = options;
  const given = { ...options, hasRequests: requests !== undefined };
  if (requests === undefined || client === undefined) return [exportChannel(given, { store, hints, threads })];
  const patient = patientExportClient(client, world);
  const asking = requestChannel({ ...given, ...requests }, { client: patient, store, world });
  const exports = exportChannel(given, { store, hints, threads, deadExports: deadExports(patient, world) });
  return [plainFailures(asking, patient), plainFailures(exports, patient)];
}
