import type { BenchContext, Measured } from "../bench-context.ts";
import { readBudget } from "./budget.ts";
import { emptyRun } from "./empty-run.ts";
import { keptFresh } from "./fresh.ts";
import { goldRefresh } from "./gold.ts";
import { ingestFirst, ingestKnown, ingestWindow } from "./ingest.ts";
import { ladder } from "./ladder.ts";
import { largeLake } from "./large-lake.ts";
import { liveStream } from "./live.ts";
import { mergeUpdates } from "./merge.ts";
import { remoteReads } from "./remote.ts";
import { streams } from "./streams.ts";
import { silverWindow } from "./silver.ts";
import { tableVerbs } from "./tables.ts";

/** By the name that `--only` takes, in the order in which they run. */
export const MEASURES: Readonly<Record<string, (context: BenchContext) => Promise<Measured>>> = {
  ingest: ingestFirst,
  known: ingestKnown,
  window: ingestWindow,
  merge: mergeUpdates,
  tables: tableVerbs,
  silver: silverWindow,
  gold: goldRefresh,
  empty: emptyRun,
  live: liveStream,
  fresh: keptFresh,
  budget: readBudget,
  remote: remoteReads,
  streams,
  ladder,
  large: largeLake,
};
