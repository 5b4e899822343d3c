import { describe } from "vitest";
import { everyChange } from "./engine/changes.ts";
import type { MakeEngine } from "./engine/lake-under-test.ts";
import { everyType } from "./engine/types.ts";

/** What every engine must do. `make` starts an engine with a spill folder of its own. */
export function engineSuite(name: string, make: MakeEngine): void {
  describe(`engine: ${name}`, () => {
    everyType(make);
    everyChange(make);
  });
}
