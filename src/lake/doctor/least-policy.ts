import type {
  BronzeDefinition,
  DynamoDbDefinition,
  LakeDefinition,
  PublishDefinition,
  ResolvedLocation,
} from "../../definition/index.ts";
import { readS3Url } from "../../storage/index.ts";
import { actionsOf, type Purpose } from "./permissions.ts";

/** An IAM policy, as AWS takes it. */
export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: readonly string[] } };
}

export interface PolicyOptions {
  /** Twelve digits; any account unless told. */
  readonly account?: string;
  /** `aws`, `aws-cn` …; `aws` unless told. */
  readonly partition?: string;
}

type Grant = Omit<PolicyStatement, "Effect">;

/** The least that a lake needs of AWS to run as it is defined: one statement a purpose and table. */
export function leastPolicy(definition: LakeDefinition, options: PolicyOptions = {}): Policy {
  const arns = new Arns(options);
  const grants: Grant[] = [];
  for (const table of definition.tables) {
    if (table.layer === "bronze") grants.push(...sourceGrants(table, arns));
    else if (table.publish !== undefined) grants.push(...publishGrants(sidOf(table.name), table.publish, arns));
  }
  grants.push(...lakeGrants(definition, arns));
  return { Version: "2012-10-17", Statement: withOwnSids(grants) };
}

class Arns {
  readonly #account: string;
  readonly #partition: string;

  constructor({ account = "*", partition = "aws" }: PolicyOptions) {
    this.#account = account;
    this.#partition = partition;
  }

  /** A table that is named by its ARN has it already. */
  table(name: string, region = "*"): string {
    return name.startsWith("arn:") ? name : `arn:${this.#partition}:dynamodb:${region}:${this.#account}:table/${name}`;
  }

  /** A stream that is named by its ARN has it already. */
  kinesis(name: string, region = "*"): string {
    return name.startsWith("arn:") ? name : `arn:${this.#partition}:kinesis:${region}:${this.#account}:stream/${name}`;
  }

  bucket(bucket: string): string {
    return `arn:${this.#partition}:s3:::${bucket}`;
  }

  key(key: string, region = "*"): string {
    return key.startsWith("arn:") ? key : `arn:${this.#partition}:kms:${region}:${this.#account}:key/${key}`;
  }
}

function sourceGrants({ name, source, reconcile }: BronzeDefinition, arns: Arns): readonly Grant[] {
  const sid = sidOf(name);
  if (source.kind === "dms") return filesGrants(sid, source.folder, arns);
  const { exports, firehose } = source;
  const exported = exports === undefined ? [] : filesGrants(`${sid}Exports`, exports.folder, arns);
  const delivered = firehose === undefined ? [] : filesGrants(`${sid}Firehose`, firehose.folder, arns);
  return [...tableGrants(sid, { ...source, reconcile }, arns), ...exported, ...delivered];
}

/** What may be asked of a table, or of what belongs to it. */
type GrantOf = (purpose: Purpose, resource?: string) => Grant;

/** A source, and how often what is in it is compared with the lake. */
type ComparedSource = DynamoDbDefinition & { readonly reconcile: BronzeDefinition["reconcile"] };

function tableGrants(sid: string, source: ComparedSource, arns: Arns): readonly Grant[] {
  const { scan, stream, incremental, region, exports, reconcile } = source;
  const shares = [scan, reconcile].some((one) => typeof one?.readCapacity === "object");
  const table = arns.table(source.table, region);
  const grant: GrantOf = (purpose, resource = table) => ({
    Sid: `${sid}${capitalized(purpose)}`,
    Action: actionsOf(purpose),
    Resource: [resource],
  });
  return [
    ...([scan, incremental, reconcile].every((one) => one === undefined) && !stream ? [] : [grant("describe")]),
    ...(scan === undefined && reconcile === undefined ? [] : [grant("scan")]),
    // No resource can be named for it (AWS, "Actions defined by Amazon DynamoDB").
    ...(shares ? [grant("limits", "*")] : []),
    ...(scan?.raiseTo === undefined ? [] : [grant("raiseRead")]),
    ...changesGrants(source, { table, grant, arns }),
    ...(exports?.requests === undefined
      ? []
      : [
          grant("requestExports"),
          grant("listExports", "*"),
          grant("describeExports", `${table}/export/*`),
          ...exportedGrants(sid, exports.folder, arns),
        ]),
    grant("doctor"),
  ];
}

function changesGrants(
  { stream, fetchItems, incremental, kinesis, reconcile }: ComparedSource,
  { table, grant, arns }: { readonly table: string; readonly grant: GrantOf; readonly arns: Arns },
): readonly Grant[] {
  return [
    ...(stream ? [grant("stream", `${table}/stream/*`)] : []),
    ...(kinesis === undefined
      ? []
      : [grant("destination"), grant("kinesis", arns.kinesis(kinesis.stream, kinesis.region))]),
    ...(incremental === undefined ? [] : [grant("queryIndex", `${table}/index/${incremental.index}`)]),
    // Only AWS knows whether the index has its items whole.
    ...([fetchItems, incremental, reconcile].every((one) => one === undefined) ? [] : [grant("fetchItems")]),
  ];
}

/** DynamoDB writes an export with the rights of who asks for it (AWS, "Requesting a table export"). */
function exportedGrants(sid: string, folder: ResolvedLocation, arns: Arns): readonly Grant[] {
  const place = placeOf(folder);
  if (place === undefined) return [];
  const Action = ["s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectAcl"];
  const write = { Sid: `${sid}ExportsWrite`, Action, Resource: [objectsOf(place, arns)] };
  return [write, ...keyGrants(`${sid}ExportsWrite`, place, { arns, action: ["kms:Decrypt", "kms:GenerateDataKey"] })];
}

function publishGrants(sid: string, { table, region, raiseTo }: PublishDefinition, arns: Arns): readonly Grant[] {
  const grant = (purpose: Purpose): Grant => ({
    Sid: `${sid}${capitalized(purpose)}`,
    Action: actionsOf(purpose),
    Resource: [arns.table(table, region)],
  });
  return [grant("publish"), ...(raiseTo === undefined ? [] : [grant("raiseWrite")])];
}

/** Files that are only read. */
function filesGrants(sid: string, location: ResolvedLocation, arns: Arns): readonly Grant[] {
  const place = placeOf(location);
  if (place === undefined) return [];
  return [
    { Sid: `${sid}Read`, Action: actionsOf("readObjects"), Resource: [objectsOf(place, arns)] },
    listing(sid, place, arns),
    ...keyGrants(sid, place, { arns, action: ["kms:Decrypt"] }),
  ];
}

/** The lake's own files: what several layers have in common is granted once. */
function lakeGrants({ roots }: LakeDefinition, arns: Arns): readonly Grant[] {
  const places = new Map<string, Place>();
  for (const root of Object.values(roots)) {
    // At the place itself stands the proof that the store keeps conditional puts; layers are below it.
    const place = typeof root === "string" ? undefined : placeOf({ ...root, folder: "" });
    if (place !== undefined) places.set(JSON.stringify([place.bucket, place.prefix, place.kmsKey]), place);
  }
  const all = [...places.values()];
  const objects = [...new Set(all.map((place) => objectsOf(place, arns)))];
  if (objects.length === 0) return [];
  const areTagged = all.some(({ hasTags }) => hasTags);
  return [
    {
      Sid: "LakeWrite",
      Action: [...actionsOf("writeObjects"), ...(areTagged ? ["s3:PutObjectTagging"] : [])],
      Resource: objects,
    },
    ...all.map((place) => listing("Lake", place, arns)),
    ...all.flatMap((place) => keyGrants("Lake", place, { arns, action: ["kms:Decrypt", "kms:GenerateDataKey"] })),
  ];
}

interface Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string | undefined;
  readonly kmsKey: string | undefined;
  readonly hasTags: boolean;
}

/** Where in S3 a location is; undefined: in a folder of this machine. */
function placeOf(location: ResolvedLocation): Place | undefined {
  if (typeof location === "string") return undefined;
  const address = readS3Url(location.url);
  if ("flaw" in address) return undefined;
  const prefix = [address.prefix, location.folder ?? ""].filter((part) => part !== "").join("/");
  const { region, kmsKey, tags } = location;
  return { bucket: address.bucket, prefix, region, kmsKey, hasTags: tags !== undefined };
}

function objectsOf({ bucket, prefix }: Place, arns: Arns): string {
  return `${arns.bucket(bucket)}/${prefix === "" ? "*" : `${prefix}/*`}`;
}

function listing(sid: string, { bucket, prefix }: Place, arns: Arns): Grant {
  const all = { Sid: `${sid}List`, Action: actionsOf("listObjects"), Resource: [arns.bucket(bucket)] };
  return prefix === "" ? all : { ...all, Condition: { StringLike: { "s3:prefix": [`${prefix}/*`] } } };
}

function keyGrants(
  sid: string,
  { kmsKey, region }: Place,
  { arns, action }: { readonly arns: Arns; readonly action: readonly string[] },
): readonly Grant[] {
  if (kmsKey === undefined) return [];
  const grant = { Sid: `${sid}Key`, Action: action };
  const alias = /(?:^|:)(alias\/.+)$/.exec(kmsKey)?.[1];
  if (alias === undefined) return [{ ...grant, Resource: [arns.key(kmsKey, region)] }];
  // A policy names keys, never aliases; whose alias it is, is a condition (AWS KMS, "kms:ResourceAliases").
  const Condition = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": [alias] } };
  return [{ ...grant, Resource: [arns.key("*", region)], Condition }];
}

/** `bronze.daily_orders` → `BronzeDailyOrders`: a Sid has letters and digits alone. */
function sidOf(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => capitalized(word))
    .join("");
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Sids are told apart, equal statements are said once. */
function withOwnSids(grants: readonly Grant[]): readonly PolicyStatement[] {
  const known = new Map<string, string>();
  const taken = new Map<string, number>();
  const statements: PolicyStatement[] = [];
  for (const { Sid, ...grant } of grants) {
    const content = JSON.stringify(grant);
    if (known.get(content) === Sid) continue;
    known.set(content, Sid);
    const count = (taken.get(Sid) ?? 0) + 1;
    taken.set(Sid, count);
    statements.push({ Sid: count === 1 ? Sid : `${Sid}${count}`, Effect: "Allow", ...grant });
  }
  return statements;
}
