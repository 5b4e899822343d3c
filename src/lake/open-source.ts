import type { World } from "../base/index.ts";
import type { BronzeDefinition, ColumnHint, DynamoDbDefinition } from "../definition/index.ts";
import type { Engine } from "../engine/index.ts";
import {
  awsExportClient,
  awsIndexClient,
  awsKinesisClient,
  awsTableClient,
  dmsFiles,
  dynamodbSource,
} from "../sources/index.ts";
import type { DynamoDbNeeds, DynamoDbSourceOptions, Source } from "../sources/index.ts";
import { readS3Url, s3Root, type ObjectStore } from "../storage/index.ts";
import type { OpenStore } from "./open-store.ts";

export interface SourceNeeds {
  readonly world: World;
  readonly engine: Engine;
  readonly openStore: OpenStore;
  /** Where what the product keeps about itself is. */
  readonly system: () => ObjectStore;
}

/** The sources of a lake's Bronze tables: each is opened once, and goes on with what it learnt; all are closed with the lake. */
export interface OpenSources extends Disposable {
  of(bronze: BronzeDefinition): Source;
}

export function openSources(needs: SourceNeeds): OpenSources {
  const sources = new Map<string, Source>();
  return {
    of: (bronze) => {
      const known = sources.get(bronze.name) ?? openSource(bronze, needs);
      sources.set(bronze.name, known);
      return known;
    },
    [Symbol.dispose]: () => {
      for (const source of sources.values()) source.close?.();
    },
  };
}

function openSource({ source, hints }: BronzeDefinition, needs: SourceNeeds): Source {
  if (source.kind === "dynamodb") return openDynamoDb(source, hints, needs);
  const { folder, ...options } = source;
  const { engine, world, openStore } = needs;
  return dmsFiles({ ...options, hints: typesOf(hints) }, { store: openStore(folder), engine, world });
}

function openDynamoDb(definition: DynamoDbDefinition, hints: readonly ColumnHint[], needs: SourceNeeds): Source {
  const { kind: _kind, region: _region, endpoint: _endpoint, exports, firehose, ...records } = definition;
  const requests = exports === undefined ? undefined : requestsOf(exports);
  return dynamodbSource(
    {
      ...records,
      requireFullExport: exports?.requireFull ?? true,
      hints: typesOf(hints),
      ...(requests === undefined ? {} : { requests }),
      ...(firehose === undefined ? {} : { firehose }),
    },
    {
      ...neededBy(definition, needs),
      ...(requests === undefined ? {} : { exportClient: awsExportClient(placeOf(definition)) }),
    },
  );
}

/** The stores and clients of the channels that a table has. */
function neededBy(definition: DynamoDbDefinition, { world, engine, openStore, system }: SourceNeeds): DynamoDbNeeds {
  const { exports, firehose, kinesis, incremental, scan } = definition;
  return {
    world,
    ...(exports === undefined ? {} : { exports: openStore(exports.folder) }),
    ...(firehose === undefined ? {} : { firehose: { store: openStore(firehose.folder), engine } }),
    ...(kinesis === undefined ? {} : { kinesisClient: awsKinesisClient({ ...kinesis, table: placeOf(definition) }) }),
    client: awsTableClient(placeOf(definition)),
    ...(scan?.raiseTo === undefined ? {} : { notes: system() }),
    ...(incremental === undefined ? {} : { indexClient: awsIndexClient(placeOf(definition)) }),
  };
}

function placeOf({ table, region, endpoint }: DynamoDbDefinition): Parameters<typeof awsTableClient>[0] {
  return { table, ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
}

/** Where DynamoDB is to write the exports that are asked for. */
function requestsOf({
  folder,
  requests,
}: NonNullable<DynamoDbDefinition["exports"]>): DynamoDbSourceOptions["requests"] {
  if (requests === undefined || typeof folder === "string") return undefined;
  const { bucketOwner, kmsKey } = folder;
  const address = readS3Url(s3Root(folder.url, folder.folder));
  if ("flaw" in address) return undefined;
  const { bucket, prefix } = address;
  const owner = bucketOwner === undefined ? {} : { bucketOwner };
  return { ...requests, place: { bucket, prefix, ...owner, ...(kmsKey === undefined ? {} : { kmsKey }) } };
}

function typesOf(hints: readonly ColumnHint[]): readonly Pick<ColumnHint, "name" | "type">[] {
  return hints.map(({ name, type }) => ({ name, type }));
}
