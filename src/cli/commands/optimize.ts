import { SluiceError } from "../../base/index.ts";
import type { OptimizeOptions, OptimizeOutcome } from "../../engine/index.ts";
import { showProgress } from "../progress.ts";
import { byteSize, counted, duration, thousands } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { noTable, withTable, type AnyTable } from "../with-table.ts";

const MB = 2 ** 20;

/** Rewrites small files of a table into large ones and folds deletion vectors. */
export async function optimize(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const options = optionsOf(session);
  return await withTable(session, typed, async (table) => {
    const startedMs = session.io.world.nowMs();
    const outcome = await withProgress(session, table, options);
    const elapsedMs = session.io.world.nowMs() - startedMs;
    if (session.isJson) await session.printJson("optimize", { table: typed, ...outcomeJson(outcome), elapsedMs });
    else await session.print(`${outcomeText(typed, outcome)}\n`);
    session.say(session.talkPaint.dim(duration(elapsedMs)));
    return 0;
  });
}

async function withProgress(session: Session, table: AnyTable, options: OptimizeOptions): Promise<OptimizeOutcome> {
  const snapshot = await table.log.latest();
  if (snapshot === undefined) throw noTable(table);
  using progress = showProgress(session);
  const tell = (detail: string): void => {
    progress.onProgress({ table: table.name, phase: "optimize", detail, rows: 0 });
  };
  tell("looking");
  return await table.engine.optimize(
    { ...table, snapshot },
    {
      ...options,
      signal: session.io.signal,
      onProgress: ({ files, ofFiles, bytes, ofBytes }) =>
        tell(`${thousands(files)} of ${counted(ofFiles, "file")}, ${byteSize(bytes)} of ${byteSize(ofBytes)}`),
    },
  );
}

function optionsOf(session: Session): OptimizeOptions {
  const targetMb = session.flags.wholeNumber("target-mb", 1);
  const parts = session.flags.list("partition");
  const [clusterBy, zOrder] = [session.flags.list("cluster-by"), session.flags.list("zorder")];
  if (clusterBy !== undefined && zOrder !== undefined) {
    throw new SluiceError("usage.invalid", "Cannot use --cluster-by and --zorder at once: rows are sorted one way");
  }
  return {
    dryRun: session.flags.isOn("dry-run"),
    ...(clusterBy === undefined ? {} : { clusterBy }),
    ...(zOrder === undefined ? {} : { clusterBy: zOrder, curve: "z-order" }),
    ...(targetMb === undefined ? {} : { targetBytes: targetMb * MB }),
    ...(parts === undefined ? {} : { partitions: [Object.fromEntries(parts.map((part) => partitionValue(part)))] }),
  };
}

function partitionValue(text: string): [column: string, value: string | null] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new SluiceError("usage.invalid", `Cannot use --partition ${text}: it names no column and value`, {
      facts: { flag: "--partition", value: text },
      advice: "Write it as column=value, several with commas between them.",
    });
  }
  const value = text.slice(at + 1);
  return [text.slice(0, at), value === "" ? null : value];
}

function outcomeText(table: string, { kind, snapshot, metrics }: OptimizeOutcome): string {
  const left = metrics.filesLeft === 0 ? "" : `; ${counted(metrics.filesLeft, "file")} left to another writer`;
  if (kind === "nothing") return `${table} has nothing to rewrite (${counted(snapshot.files.size, "file")})${left}`;
  const folded =
    metrics.vectorsFolded === 0
      ? ""
      : `; ${counted(metrics.vectorsFolded, "deletion vector")} of ${counted(metrics.rowsFolded, "row")} folded`;
  const before = `${counted(metrics.filesRemoved, "file")} (${byteSize(metrics.bytesRemoved)})`;
  if (kind === "planned") return `${table}: ${before} would become ${counted(metrics.filesAdded, "file")}${folded}`;
  const after = `${thousands(metrics.filesAdded)} (${byteSize(metrics.bytesAdded)})`;
  return `${table} is optimized, version ${snapshot.version}: ${before} became ${after}${folded}${left}`;
}

function outcomeJson(outcome: OptimizeOutcome): Parameters<Session["printJson"]>[1] {
  return {
    outcome: outcome.kind,
    version: outcome.snapshot.version,
    commits: outcome.kind === "committed" ? outcome.commits : 0,
    metrics: { ...outcome.metrics },
  };
}
