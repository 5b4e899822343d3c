import type { Usage } from "./measure-process.ts";

/** One way to do the work: what comes before each measurement, and the measurement. */
export interface Side {
  /** As it is called in the report. */
  readonly name: string;
  readonly measure: () => Promise<Sample>;
}

/** One measured process, and what else is known about what it did. */
export interface Sample extends Usage {
  /** Seconds of the work itself, as the process told; undefined where only its whole is known. */
  readonly workSeconds?: number;
  /** By how much its folder grew. */
  readonly keptBytes?: number;
  /** Of the answers of a store. */
  readonly fetchedBytes?: number;
}

export interface Pair {
  readonly ours: Sample;
  readonly theirs: Sample;
}

/** A B A B …, so that what slows the machine for a while slows both. */
export async function measurePairs(count: number, ours: Side, theirs: Side): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < count; pair += 1) {
    pairs.push({ ours: await measureSide(ours, pair), theirs: await measureSide(theirs, pair) });
  }
  return pairs;
}

/** The same work again and again, where there is nothing to hold it against. */
export async function measureAlone(count: number, side: Side): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let turn = 0; turn < count; turn += 1) samples.push(await measureSide(side, turn));
  return samples;
}

async function measureSide(side: Side, turn: number): Promise<Sample> {
  const sample = await side.measure();
  const work = sample.workSeconds === undefined ? "" : `, work ${sample.workSeconds.toFixed(2)} s`;
  const peak = `peak ${Math.round(sample.peakBytes / 1e6)} MB`;
  console.error(
    `  ${turn + 1} ${side.name}: ${sample.wallSeconds.toFixed(2)} s, CPU ${sample.cpuSeconds.toFixed(2)} s, ${peak}${work}`,
  );
  return sample;
}

/** The middle value, or the mean of the two in the middle. Fails for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error("There is no median of nothing");
  return (low + high) / 2;
}
