import type { Slots } from "../base/index.ts";
import type { Engine } from "./engine.ts";

/** The same engine, whose queries wait for a slot each, so that work of no hurry leaves room for what is. Their writes do not wait. */
export function engineInTurns(engine: Engine, slots: Slots): Engine {
  return {
    ...engine,
    rows: async (relation) => await slots.run(async () => await engine.rows(relation)),
    scratch: async (relation) => await slots.run(async () => await engine.scratch(relation)),
    query: async function* (relation, options) {
      // Who reads slowly keeps the slot, and has it no longer once he stops.
      using _held = await slots.hold();
      yield* engine.query(relation, options);
    },
  };
}
