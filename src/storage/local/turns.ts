/** Some milliseconds of short synchronous calls. */
const CALLS_A_TURN = 1_000;

/** Between many short synchronous calls, lets the rest of the process have its turn. */
export function turns(): () => Promise<void> {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls % CALLS_A_TURN !== 0) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
}
