/** How many tests a report of vitest has, by outcome. */
export function countTests(file: string): {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
};
