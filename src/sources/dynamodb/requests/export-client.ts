import type { TableFacts } from "../live/table-client.ts";

/** What asking for exports needs of DynamoDB, in few words: behind it stands the SDK, or a service that a test drives. */
export interface ExportClient {
  /** Where it is, for messages: region or endpoint. */
  readonly where: string;
  describeTable(): Promise<TableFacts>;
  /** What of the table's past can be exported; undefined while point-in-time recovery is off. */
  recovery(): Promise<Recovery | undefined>;
  /** ARNs of the table's exports, every page of them. */
  list(tableArn: string): Promise<readonly string[]>;
  /** undefined where DynamoDB does not know it any more. */
  describe(exportArn: string): Promise<ExportFacts | undefined>;
  /** Asks for an export. The same order with the same token is the same export, for eight hours. */
  request(tableArn: string, order: ExportOrder, to: ExportPlace): Promise<ExportAnswer>;
  close(): void;
}

/** Moments in ms since the epoch between which a table's past is known. */
export interface Recovery {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** What an export holds: the table at a moment, or what changed from a moment (it belongs to the window) to another (it does not). */
export type ExportContent =
  | { readonly kind: "full"; readonly timeMs: number }
  | { readonly kind: "window"; readonly fromMs: number; readonly toMs: number };

export interface ExportOrder {
  readonly content: ExportContent;
  readonly token: string;
}

/** Where exports are written to, and how. */
export interface ExportPlace {
  readonly bucket: string;
  /** Without slashes at its ends; "" for none. */
  readonly prefix: string;
  /** The account of a bucket that is another one's. */
  readonly bucketOwner?: string;
  /** Encrypts with this key instead of S3's own. */
  readonly kmsKey?: string;
}

export interface ExportFacts {
  readonly arn: string;
  readonly tableId: string;
  readonly content: ExportContent;
  readonly status: "running" | "complete" | "failed";
  readonly startedMs: number;
  readonly endedMs?: number;
  /** Why it failed, in DynamoDB's words. */
  readonly failure?: string;
  readonly bucket: string;
  readonly prefix: string;
  /** Whether it can be read as the table's: DynamoDB JSON, no filter. */
  readonly isReadable: boolean;
}

export type ExportAnswer =
  | { readonly kind: "accepted"; readonly arn: string }
  /** The account has as many exports under way as it may. */
  | { readonly kind: "too-many" }
  /** The token was used for another order: that export is there, though it is not listed yet. */
  | { readonly kind: "asked-before" };

/** The last part of an export's ARN: the name of its folder. */
export function exportId(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** An id begins with the moment at which the export began, in ms; undefined where it does not. */
export function startOfExport(arn: string): number | undefined {
  const digits = /^(\d{13,15})-/.exec(exportId(arn))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function endMsOf(content: ExportContent): number {
  return content.kind === "full" ? content.timeMs : content.toMs;
}
