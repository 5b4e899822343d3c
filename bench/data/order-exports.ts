import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeExportFiles } from "./export-files.ts";
import { orderItem, orderKey } from "./order-item.ts";

export const TABLE = "orders";
/** One change in so many rows is what `change` windows have. */
export const CHANGED_ONE_IN = 100;

/** Kept in `folder` from run to run; the number is raised when the data changes. */
const DATA_VERSION = 2;
const EXPORT_MS = Date.UTC(2025, 0, 1);
const WINDOW_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A folder that holds `AWSDynamoDB/`, made where it is not there yet. */
export type OrderExports = (folder: string) => Promise<string>;

/** A full export of `items` orders, in no order of their keys, as DynamoDB lists them. */
export function fullExport(items: number): OrderExports {
  return exportAt(EXPORT_MS, `full-${items}`, items);
}

/** The same, made a day before: what a table looks like that is exported anew. */
export function earlierExport(items: number): OrderExports {
  return exportAt(EXPORT_MS - DAY_MS, `earlier-${items}`, items);
}

function exportAt(at: number, name: string, items: number): OrderExports {
  const line = (index: number): string => `{"Item":${orderItem(shuffled(index, items), 0)}}`;
  return async (cache) =>
    await cached(cache, name, async (folder) => {
      await writeExportFiles({ folder, table: TABLE, period: { at }, count: items, line });
    });
}

/** The first window after the full export of `items` orders: as many new ones. */
export function insertWindow(items: number): OrderExports {
  return async (cache) =>
    await cached(cache, `insert-${items}`, async (folder) => {
      const line = (index: number): string => {
        const order = items + shuffled(index, items);
        return `${changeHead(order, 0, index)},"NewImage":${orderItem(order, 0)}}`;
      };
      await writeExportFiles({ folder, table: TABLE, period: windowOf(0), count: items, line });
    });
}

/** A window (0, 1, …) of `changes` updates after the full export of `items` orders; no order changes twice in all windows. */
export function updateWindow(items: number, { window, changes }: UpdateWindow): OrderExports {
  return async (cache) =>
    await cached(cache, join(`update-${items}-${changes}`, String(window)), async (folder) => {
      const line = (index: number): string => {
        const order = changedOrder(items, window * changes + index);
        const images = `"OldImage":${orderItem(order, 0)},"NewImage":${orderItem(order, 1)}`;
        return `${changeHead(order, window, index)},${images}}`;
      };
      await writeExportFiles({ folder, table: TABLE, period: windowOf(window), count: changes, line });
    });
}

/** A full export of nothing but orders that the windows change, after their change. */
export function changedItems(items: number, count: number): OrderExports {
  return async (cache) =>
    await cached(cache, `changed-${items}-${count}`, async (folder) => {
      await writeExportFiles({
        folder,
        table: TABLE,
        period: { at: EXPORT_MS },
        count,
        line: (index) => `{"Item":${orderItem(changedOrder(items, index), 1)}}`,
      });
    });
}

export interface UpdateWindow {
  readonly window: number;
  readonly changes: number;
}

/** The `index`-th order that the windows change: spread over all, no two alike. */
export function changedOrder(items: number, index: number): number {
  return shuffled(index * 3 + 1, items);
}

function changeHead(order: number, window: number, index: number): string {
  const micros = `${windowOf(window).from + (index % WINDOW_MS)}000`;
  return `{"Metadata":{"WriteTimestampMicros":{"N":"${micros}"}},"Keys":{"order_id":{"S":"${orderKey(order)}"}}`;
}

function windowOf(window: number): { readonly from: number; readonly to: number } {
  const from = EXPORT_MS + window * WINDOW_MS;
  return { from, to: from + WINDOW_MS };
}

/** A permutation of 0 … items - 1: both primes have no divisor in common with a number of items that ends in 000. */
function shuffled(index: number, items: number): number {
  return (index * 7_368_787 + 1_299_709) % items;
}

async function cached(cache: string, name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, `data-v${DATA_VERSION}`, name);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await make(unfinished);
  await rename(unfinished, folder);
  return folder;
}

/** The data files below an export's folder. */
export async function dataFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => join(folder, name))
    .toSorted();
}
