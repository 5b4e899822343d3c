import { RateLimit, type World } from "../../../base/index.ts";
import type { TableCapacity } from "./table-capacity.ts";
import type { TableClient, TableFacts } from "./table-client.ts";

/** Read units a second, or a share (above 0, at most 1) of what the table can be read with. */
export type ReadCapacity = number | { readonly share: number };

/** What an account allows a table where it was not asked for more (AWS, "Quotas"). */
const TABLE_READ_MOST = 40_000;

/** What reading a table may use: one budget for all that reads it. */
export class ReadBudget {
  readonly #world: World;
  readonly #wanted: ReadCapacity;
  #limit: RateLimit | undefined;
  #perSecond = 0;

  constructor(world: World, wanted: ReadCapacity) {
    this.#world = world;
    this.#wanted = wanted;
    if (typeof wanted === "number") this.#set(wanted);
  }

  /** undefined before it was fitted, where it is a share. */
  get limit(): RateLimit | undefined {
    return this.#limit;
  }

  /** Fits a share to what the table can be read with now, and says what the budget comes to. */
  async fit({ capacity }: Pick<TableClient, "capacity">, facts: TableFacts): Promise<string> {
    if (typeof this.#wanted === "number") return `${this.#wanted} read units a second`;
    const { units, what } = await wholeOf(facts.capacity, capacity);
    const { share } = this.#wanted;
    const perSecond = Math.max(1, units * share);
    if (perSecond !== this.#perSecond) this.#set(perSecond);
    const percent = Math.round(share * 10_000) / 100;
    return `${percent} % of ${what} = ${Math.round(perSecond * 10) / 10} read units a second`;
  }

  #set(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#limit = new RateLimit(this.#world, { perSecond });
  }
}

async function wholeOf(
  table: TableCapacity,
  client: TableClient["capacity"],
): Promise<{ readonly units: number; readonly what: string }> {
  if (table.kind === "provisioned") return { units: table.read, what: `${table.read} provisioned` };
  if (table.readMost !== undefined) return { units: table.readMost, what: `the table's limit of ${table.readMost}` };
  const units = await client.tableReadMost();
  if (units !== undefined) return { units, what: `the account's limit of ${units} a table` };
  return { units: TABLE_READ_MOST, what: `the ${TABLE_READ_MOST} that AWS allows a table` };
}
