// What the writers of a ledger do, number by number: known beforehand, so that the rows of any version follow from how far each
// writer had come by then (its transaction in that version), whoever was killed, beaten or doubted in between.

/** The row that all writers change. */
export const SHARED = "shared";

/** The n-th operation of a writer (from 0). Each is one commit that claims the writer's transaction n. */
export function operationOf(seed, writer, n) {
  const random = seeded(`${seed}/${writer}/${n}`);
  const roll = random();
  const fresh = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) =>
    rowOf(writer, 10 * n + index, `new ${n}`),
  );
  if (roll < 0.3) return { kind: "append", rows: fresh };
  if (roll < 0.55) {
    const earlier = n === 0 ? [] : Array.from({ length: 3 }, () => 10 * Math.max(0, n - 1 - Math.floor(random() * 12)));
    return {
      kind: "merge",
      rows: [...[...new Set(earlier)].map((number) => rowOf(writer, number, `merged ${n}`)), ...fresh],
    };
  }
  const rest = Math.floor(random() * 3);
  if (roll < 0.75) return { kind: "delete", rest };
  if (roll < 0.88) return { kind: "update", rest };
  return { kind: "count" };
}

/** The rows after every operation of each writer up to `done.get(writer)` (-1: none), as the table has them, in no order. */
export function rowsAfter(seed, done) {
  const all = [];
  let counted = 0;
  for (const [writer, last] of done) {
    const rows = new Map();
    for (let n = 0; n <= last; n += 1) {
      const operation = operationOf(seed, writer, n);
      if (operation.kind === "count") counted += 1;
      else apply(rows, operation);
    }
    for (const [number, note] of rows) all.push(rowOf(writer, number, note));
  }
  return [...all, rowOf(SHARED, 0, String(counted))];
}

function apply(rows, operation) {
  if (operation.kind === "append" || operation.kind === "merge") {
    for (const { number, note } of operation.rows) rows.set(number, note);
    return;
  }
  for (const [number, note] of rows) {
    if (number % 3 !== operation.rest) continue;
    if (operation.kind === "delete") rows.delete(number);
    else rows.set(number, `${note}+`.slice(-20));
  }
}

function rowOf(writer, number, note) {
  return { writer, number, note };
}

/** A generator of its own for each text (FNV-1a, then xorshift). */
function seeded(text) {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.codePointAt(0), 16_777_619) >>> 0;
  state ||= 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
