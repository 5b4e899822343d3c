/**
 * Lives through `runs` histories, each by a seed of its own. The seeds follow `SLUICE_SEED`, or any number; what fails says the one to give
 * so that the first history is the one that failed.
 */
export async function everySeed(runs: number, live: (seed: number) => Promise<void>): Promise<void> {
  const first = Number(process.env["SLUICE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  for (let seed = first; seed < first + runs; seed += 1) {
    try {
      await live(seed);
    } catch (error) {
      if (error instanceof Error) error.message = `SLUICE_SEED=${seed} begins with what failed.\n${error.message}`;
      throw error;
    }
  }
}
