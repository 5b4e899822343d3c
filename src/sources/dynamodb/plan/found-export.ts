import type { ExportSummary } from "./manifests.ts";

/** An export's folder, with what its summary says; one without a summary is of another table, or still running. */
export interface FoundExport {
  /** `…/AWSDynamoDB/<export id>`, relative to the root. */
  readonly folder: string;
  readonly summary: ExportSummary | undefined;
  readonly otherTable?: string;
}

export interface FinishedExport extends FoundExport {
  readonly summary: ExportSummary;
}

export function unitName(content: ExportSummary["content"]): string {
  return content.kind === "full" ? `full ${content.time}` : `window ${content.from} ${content.to}`;
}

export function endOf(content: ExportSummary["content"]): string {
  return content.kind === "full" ? content.time : content.to;
}

export function isFinished(one: FoundExport): one is FinishedExport {
  return one.summary !== undefined;
}

type Content = ExportSummary["content"];
type Of<K extends Content["kind"]> = FinishedExport & {
  readonly summary: ExportSummary & { readonly content: Extract<Content, { kind: K }> };
};

export function isFull(one: FinishedExport): one is Of<"full"> {
  return one.summary.content.kind === "full";
}

export function isWindow(one: FinishedExport): one is Of<"window"> {
  return one.summary.content.kind === "window";
}

export function startOf({ summary: { content } }: FinishedExport): string {
  return content.kind === "full" ? content.time : content.from;
}

/** By end; at equal ends a window comes before a snapshot, a longer window before a shorter one, then by folder. */
export function byEnd(left: FinishedExport, right: FinishedExport): number {
  const [one, other] = [left.summary.content, right.summary.content];
  return (
    compareText(endOf(one), endOf(other)) ||
    Number(one.kind === "full") - Number(other.kind === "full") ||
    compareText(startOf(left), startOf(right)) ||
    compareText(left.folder, right.folder)
  );
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
