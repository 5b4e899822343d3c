/** `did you mean "amount"?` where one of the names is close to the one given, else an empty text. */
export function nearMiss(name: string, names: Iterable<string>): string {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > distanceMax(name)) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= distanceMax(name) && (best === undefined || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best === undefined ? "" : `did you mean ${JSON.stringify(best.name)}?`;
}

/** A third of the letters may be wrong, at most three. */
function distanceMax(name: string): number {
  return Math.min(3, Math.max(1, Math.floor(name.length / 3)));
}

/** Levenshtein distance with neighbours swapped as one edit (Damerau, restricted). */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}

function at(line: readonly number[], index: number): number {
  return line[index] ?? Number.POSITIVE_INFINITY;
}
