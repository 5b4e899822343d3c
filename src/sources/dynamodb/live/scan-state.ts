import { readMemory } from "../../read-memory.ts";

/** The scan channel's memory: how far each segment of the present scan is. It stands in the `end` of each batch manifest. */
export interface ScanState {
  readonly format: 1;
  /** The table's own identity: one that was made again under the same name is another one. */
  readonly tableId: string;
  readonly epoch: number;
  /** Of the filter that it is read through. */
  readonly filter?: string;
  /** ISO: when the scan began. */
  readonly time: string;
  /** By segment: where it goes on (a key as JSON), "" at its beginning, null when it is through. */
  readonly segments: readonly (string | null)[];
  /** Items so far, and how many the table said it had: for people. */
  readonly items: number;
  readonly expected: number;
}

export interface NewScan {
  readonly tableId: string;
  readonly epoch: number;
  readonly filter?: string | undefined;
  readonly nowMs: number;
  readonly segments: number;
  readonly expected: number;
}

export function newScan({ nowMs, segments, filter, ...rest }: NewScan): ScanState {
  const time = new Date(nowMs).toISOString();
  const seen = filter === undefined ? {} : { filter };
  return { format: 1, ...rest, ...seen, time, segments: Array.from({ length: segments }, () => ""), items: 0 };
}

export function isWhole(state: ScanState): boolean {
  return state.segments.every((segment) => segment === null);
}

/** The state after a page. */
export function withPage(
  state: ScanState,
  page: { readonly segment: number; readonly lastKey: string | undefined; readonly items: number },
): ScanState {
  const segments = state.segments.map((at, index) => (index === page.segment ? (page.lastKey ?? null) : at));
  return { ...state, segments, items: state.items + page.items };
}

export function encodeScan(state: ScanState): string {
  return JSON.stringify(state);
}

export function decodeScan(text: string | undefined): ScanState | undefined {
  return readMemory(text) as ScanState | undefined;
}

/** DynamoDB's own advice: a segment for each two gigabytes; no more than one process reads at a time. */
const SEGMENT_BYTES = 2 * 1_073_741_824;
const SEGMENTS_MAX = 64;

/** How many segments a table of this size is scanned in, where nobody says. */
export function segmentsFor(sizeBytes: number): number {
  return Math.min(SEGMENTS_MAX, Math.max(4, Math.ceil(sizeBytes / SEGMENT_BYTES)));
}
