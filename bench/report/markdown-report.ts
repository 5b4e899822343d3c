import { rounded } from "../finding.ts";
import { median } from "../pairs.ts";
import type { MeasureResult, Results } from "./results-file.ts";

/** The results as a page for people. */
export function markdownReport(results: Results): string {
  const measured = Object.entries(results);
  return `${[
    "# How fast it is",
    "Written by `npm run bench`; what is measured and how stands in [README.md](README.md). Both sides of a row ran in turns on one machine (A B A B …); figures are medians, and ratios the median of each pair's own ratio.",
    "## Findings",
    table(
      ["measure", "ours", "theirs", "figure", "target", "holds"],
      measured.flatMap(([, { findings }]) =>
        findings.map((one) => [one.title, one.ours, one.theirs, one.figure, one.target, verdict(one.holds)]),
      ),
    ),
    "## What the processes took",
    "Medians of the whole process. CPU: user and system, all threads. Peak: resident memory. Written: everything passed to `write`, staged and spilled data included. Kept: by how much the table or lake grew.",
    table(
      ["process", "runs", "wall", "least … most", "CPU", "peak", "written", "kept"],
      measured.flatMap(([, result]) => processRows(result)),
    ),
    "## Where and when",
    table(
      ["measure", "commit", "date", "conditions", "machine"],
      measured.map(([name, { facts, settings }]) => [
        name,
        facts.commit,
        facts.date,
        Object.entries(settings)
          .map(([key, value]) => `${key} ${value}`)
          .join(", "),
        `${facts.cores} cores (${facts.processor}), ${facts.memoryGb} GB, ${facts.system}, Node ${facts.node}, DuckDB ${facts.duckdb}, Sluice ${facts.sluice}`,
      ]),
    ),
  ].join("\n\n")}\n`;
}

/** The findings of one measure, for the terminal. */
export function findingLines({ findings }: Pick<MeasureResult, "findings">): string {
  return findings
    .map(({ title, figure, target, holds }) => {
      return `  ${title}: ${figure}${target === "" ? "" : ` (target ${target}: ${verdict(holds)})`}\n`;
    })
    .join("");
}

function verdict(holds: boolean | null): string {
  if (holds === null) return "";
  return holds ? "yes" : "**no**";
}

function processRows({ samples }: MeasureResult): string[][] {
  return Object.entries(samples).map(([name, all]) => {
    const walls = all.map((one) => one.wallSeconds);
    return [
      name,
      String(all.length),
      `${rounded(median(walls))} s`,
      `${rounded(Math.min(...walls))} … ${rounded(Math.max(...walls))} s`,
      `${rounded(median(all.map((one) => one.cpuSeconds)))} s`,
      megabytes(all.map((one) => one.peakBytes)),
      megabytes(all.map((one) => one.writtenBytes ?? undefined)),
      megabytes(all.map((one) => one.keptBytes)),
    ];
  });
}

function megabytes(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? "" : `${rounded(median(known) / 1e6)} MB`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
