import { spawnSync } from "node:child_process";

/**
 * What a program is to be run under so that file permissions hold for it: nothing for an ordinary user; root loses the right to
 * pass over them, and keeps the ownership of its files.
 */
export function asOrdinaryUser(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const under = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
  const [program = "", ...rest] = under;
  const tried = spawnSync(program, [...rest, "true"], { stdio: "ignore" });
  if (tried.status === 0) return under;
  throw new Error("Cannot test permissions as root: setpriv (util-linux) is missing; run the tests as another user");
}
