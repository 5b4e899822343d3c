import type { Engine } from "./engine.ts";

/** An engine that starts at its first use: a run that finds nothing to do never pays for it. */
export function lazyEngine(start: () => Promise<Engine>): Engine {
  let started: Promise<Engine> | undefined;
  const engine = async (): Promise<Engine> => {
    started ??= start();
    return await started;
  };
  return {
    checkpoints: {
      read: async function* (store, path) {
        yield* (await engine()).checkpoints.read(store, path);
      },
      write: async (store, path, rows, form) => await (await engine()).checkpoints.write(store, path, rows, form),
    },
    append: async (table, rows, options) => await (await engine()).append(table, rows, options),
    overwrite: async (table, rows, options) => await (await engine()).overwrite(table, rows, options),
    merge: async (table, spec, options) => await (await engine()).merge(table, spec, options),
    delete: async (table, predicate, options) => await (await engine()).delete(table, predicate, options),
    update: async (table, spec, options) => await (await engine()).update(table, spec, options),
    optimize: async (table, options) => await (await engine()).optimize(table, options),
    convert: async (table, options) => await (await engine()).convert(table, options),
    alter: async (table, change, options) => await (await engine()).alter(table, change, options),
    query: async function* (relation, options) {
      yield* (await engine()).query(relation, options);
    },
    arrow: async function* (relation, options) {
      yield* (await engine()).arrow(relation, options);
    },
    rows: async (relation) => await (await engine()).rows(relation),
    schemaOf: async (relation) => await (await engine()).schemaOf(relation),
    scratch: async (relation) => await (await engine()).scratch(relation),
    stage: async (rows, options) => await (await engine()).stage(rows, options),
    export: async (relation, file, format) => await (await engine()).export(relation, file, format),
    [Symbol.asyncDispose]: async () => {
      // Whoever asked for an engine that could not start was told why; there is nothing to end then.
      const running = await started?.catch(() => undefined);
      await running?.[Symbol.asyncDispose]();
    },
  };
}
