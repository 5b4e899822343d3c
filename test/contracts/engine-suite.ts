import { describe } from "vitest";
import { exchangingArrow } from "./engine/arrow.ts";
import { everyChange } from "./engine/changes.ts";
import { changingColumns } from "./engine/columns.ts";
import type { MakeEngine } from "./engine/lake-under-test.ts";
import { clustering } from "./engine/clustering.ts";
import { converting } from "./engine/converting.ts";
import { merging } from "./engine/merging.ts";
import { racing } from "./engine/racing.ts";
import { optimizing } from "./engine/optimizing.ts";
import { pruning } from "./engine/pruning.ts";
import { reading } from "./engine/reading.ts";
import { requesting } from "./engine/requesting.ts";
import { everyType } from "./engine/types.ts";
import { keepingRules } from "./engine/rules.ts";
import { tidying } from "./engine/tidying.ts";
import { clusteringTables } from "./engine/cluster-by.ts";
import { givingIdentities } from "./engine/identities.ts";
import { trackingRows } from "./engine/tracking.ts";
import { updating } from "./engine/updating.ts";
import { writing } from "./engine/writing.ts";

/** What every engine must do. `make` starts an engine with a spill folder of its own. */
export function engineSuite(name: string, make: MakeEngine): void {
  describe(`engine: ${name}`, () => {
    everyType(make);
    exchangingArrow(make);
    everyChange(make);
    writing(make);
    merging(make);
    reading(make);
    racing(make);
    pruning(make);
    updating(make);
    optimizing(make);
    clustering(make);
    converting(make);
    tidying(make);
    changingColumns(make);
    keepingRules(make);
    trackingRows(make);
    requesting(make);
    givingIdentities(make);
    clusteringTables(make);
  });
}
