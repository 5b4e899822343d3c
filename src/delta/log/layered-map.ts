/**
 * A map of texts that stays as it is, and of which a changed one is made at the cost of the changes: a stack of maps, the newest on
 * top. A map is joined with the one below once it is half as large, so that there are few, and an entry is copied a few times in all.
 */
export class LayeredMap<Value> {
  /** Oldest first; undefined: taken out. */
  readonly #layers: readonly ReadonlyMap<string, Value | undefined>[];

  constructor(layers: readonly ReadonlyMap<string, Value | undefined>[] = []) {
    this.#layers = layers;
  }

  /** How many maps a look may have to go through. */
  get layers(): number {
    return this.#layers.length;
  }

  /** What a key was last set to; `known` is false for one that never was. */
  look(key: string): { readonly known: boolean; readonly value: Value | undefined } {
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const layer = this.#layers[index];
      const value = layer?.get(key);
      if (value !== undefined || layer?.has(key) === true) return { known: true, value };
    }
    return NEVER;
  }

  get(key: string): Value | undefined {
    return this.look(key).value;
  }

  /** Takes over the map with the changes: it must not be written to any more. */
  with(changes: ReadonlyMap<string, Value | undefined>): LayeredMap<Value> {
    if (changes.size === 0) return this;
    const layers = [...this.#layers];
    let top = changes;
    for (let below = layers.at(-1); below !== undefined && below.size <= 2 * top.size; below = layers.at(-1)) {
      layers.pop();
      top = joined(below, top);
    }
    return new LayeredMap([...layers, top]);
  }

  /** Every key that was ever set, with what it was last set to. */
  *entries(): Generator<readonly [string, Value | undefined]> {
    for (const [index, layer] of this.#layers.entries()) {
      const above = this.#layers.slice(index + 1);
      for (const entry of layer) if (!above.some((newer) => newer.has(entry[0]))) yield entry;
    }
  }

  *values(): Generator<Value> {
    for (const [, value] of this.entries()) if (value !== undefined) yield value;
  }
}

const NEVER = { known: false, value: undefined } as const;

/** In the order in which keys were last set. */
function joined<Value>(
  older: ReadonlyMap<string, Value | undefined>,
  newer: ReadonlyMap<string, Value | undefined>,
): ReadonlyMap<string, Value | undefined> {
  const all = new Map(older);
  for (const [key, value] of newer) {
    all.delete(key);
    all.set(key, value);
  }
  return all;
}
