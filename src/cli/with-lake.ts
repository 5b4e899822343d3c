import { SluiceError } from "../base/index.ts";
import type { TableDefinition } from "../definition/index.ts";
import { nearest } from "./arguments/near-miss.ts";
import type { Lake, LakeOptions } from "../lake/index.ts";
import type { Session } from "./session.ts";

export interface ConfiguredLake {
  readonly lake: Lake;
  /** The configuration, absolute. */
  readonly file: string;
}

/** Works on the lake that the configuration describes; its engine has ended when this resolves. */
export async function withLake<T>(
  session: Session,
  work: (configured: ConfiguredLake) => Promise<T>,
  options: Pick<LakeOptions, "onProgress"> = {},
): Promise<T> {
  const { io } = session;
  const [{ loadConfig }, { openLake }] = await Promise.all([import("./load-config.ts"), import("../lake/index.ts")]);
  const { definition, file } = await loadConfig(session.flags.text("config") ?? io.folder, { env: io.env });
  await using lake = openLake(definition, { world: io.world, signal: io.signal, ...options });
  return await work({ lake, file });
}

/** The definition of a table that was typed. Fails with `table.missing`, and says which one was probably meant. */
export function tableNamed(lake: Lake, name: string): TableDefinition {
  const names = lake.definition.tables.map((table) => table.name);
  const found = lake.definition.tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, names);
  throw new SluiceError("table.missing", `Cannot find the table ${name}: the lake does not define it`, {
    facts: { table: name, tables: names.join(", ") },
    ...(near === undefined ? {} : { advice: `Did you mean ${near}?` }),
  });
}
