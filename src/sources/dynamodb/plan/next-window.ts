/** What is known of a window to choose one: ISO texts of one form, which compare as times do. `from` belongs to it, `to` does not. */
export interface Window {
  readonly from: string;
  readonly to: string;
}

/**
 * The window that goes on from `coveredTo`: of those that begin there the one from which windows that tile reach furthest, and of these
 * the shortest, which tells most. undefined where none begins there.
 *
 * A window that begins earlier does not go on from there, though it covers the time: of an item that was inserted and deleted within a
 * window its export has nothing (AWS, "DynamoDB table export output format"), so an item that is in already, inserted after the window's
 * beginning, would never go. Windows begin at whole seconds; a snapshot may have been taken within one.
 */
export function nextWindow<W extends Window>(windows: readonly W[], coveredTo: string): W | undefined {
  const here = windows.filter(
    ({ from, to }) => from <= coveredTo && secondOf(from) === secondOf(coveredTo) && to > coveredTo,
  );
  if (here.length < 2) return here[0];
  const reached = furthestEnds(windows);
  const reachOf = ({ to }: Window): string => later(to, reached.get(secondOf(to)));
  return here.reduce((best, one) => {
    const isBetter = reachOf(one) > reachOf(best) || (reachOf(one) === reachOf(best) && one.to < best.to);
    return isBetter ? one : best;
  });
}

/** How far windows that tile reach, by the second in which the first of them begins. */
function furthestEnds(windows: readonly Window[]): ReadonlyMap<string, string> {
  const furthest = new Map<string, string>();
  // From the back: what follows a window begins after it does.
  for (const { from, to } of windows.toSorted((left, right) => (left.from < right.from ? 1 : -1))) {
    const second = secondOf(from);
    furthest.set(second, later(later(to, furthest.get(secondOf(to))), furthest.get(second)));
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
