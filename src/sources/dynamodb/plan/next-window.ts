import { endOf, isWindow, startOf, type FinishedExport } from "./found-export.ts";

/**
 * The window that goes on from `coveredTo`: of those that begin there the one from which windows that tile reach furthest, and of these
 * the shortest, which tells most. undefined where none begins there.
 *
 * A window that begins earlier does not go on from there, though it covers the time: of an item that was inserted and deleted within a
 * window its export has nothing (AWS, "DynamoDB table export output format"), so an item that is in already, inserted after the window's
 * beginning, would never go. Windows begin at whole seconds; a snapshot may have been taken within one.
 */
export function nextWindow(found: readonly FinishedExport[], coveredTo: string): FinishedExport | undefined {
  const windows = found.filter(isWindow);
  const reached = furthestEnds(windows);
  const reachOf = (one: FinishedExport): string =>
    later(endOf(one.summary.content), reached.get(secondOf(endOf(one.summary.content))));
  let best: FinishedExport | undefined;
  for (const one of windows) {
    if (
      startOf(one) > coveredTo ||
      secondOf(startOf(one)) !== secondOf(coveredTo) ||
      endOf(one.summary.content) <= coveredTo
    )
      continue;
    const isBetter =
      best === undefined ||
      reachOf(one) > reachOf(best) ||
      (reachOf(one) === reachOf(best) && endOf(one.summary.content) < endOf(best.summary.content));
    if (isBetter) best = one;
  }
  return best;
}

/** How far windows that tile reach, by the second in which the first of them begins. */
function furthestEnds(windows: readonly FinishedExport[]): ReadonlyMap<string, string> {
  const furthest = new Map<string, string>();
  // From the back: what follows a window begins after it does.
  for (const one of windows.toSorted((left, right) => (startOf(left) < startOf(right) ? 1 : -1))) {
    const end = endOf(one.summary.content);
    const second = secondOf(startOf(one));
    furthest.set(second, later(later(end, furthest.get(secondOf(end))), furthest.get(second)));
  }
  return furthest;
}

function later(left: string, right: string | undefined): string {
  return right === undefined || left > right ? left : right;
}

/** `2026-01-31T23:59:59` of a time as text. */
function secondOf(time: string): string {
  return time.slice(0, 19);
}
