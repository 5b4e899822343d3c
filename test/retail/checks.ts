import { differences, EXPECTED, REPORTS } from "./expected.ts";
import { filesOf, query, sluiceOk, type RetailLake } from "./sluice.ts";

const SHOWN_MAX = 20; // a few are enough to see what is wrong

/** What is wrong with a retail lake, however it was built: figures, rows and counts that are not the expected ones. */
export async function faultsOf(retail: RetailLake): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const report of REPORTS) faults.push(...(await differences(retail, report)));
  const expected = {
    events: EXPECTED.events,
    distinct_events: EXPECTED.events,
    live: EXPECTED.live[retail.ttl],
    customers: EXPECTED.customers,
  };
  const [counts] = await query(
    retail,
    `select
      (select count(*) from bronze.customer_transactions where _op <> 'T') as events,
      (select count(distinct _event_id) from bronze.customer_transactions where _op <> 'T') as distinct_events,
      (select count(*) from silver.customer_transactions) as live,
      (select count(*) from silver.customers) as customers`,
  );
  if (JSON.stringify(counts) !== JSON.stringify(expected)) faults.push(`counts: ${JSON.stringify(counts)}`);
  return faults.slice(0, SHOWN_MAX);
}

/** Files of the lake that one more run made, changed or removed. */
export async function touchedByRun(retail: RetailLake): Promise<readonly string[]> {
  const before = new Set(filesOf(retail.lake));
  await sluiceOk(retail, "run");
  const after = filesOf(retail.lake);
  return [...after.filter((file) => !before.delete(file)), ...before];
}

/** Equal for equal content: doubles at twelve significant digits, without the time of processing. */
export async function contentOf(retail: RetailLake, table: string): Promise<unknown> {
  const [row] = await query(
    retail,
    `select count(*) as rows, sum(hash(r)::hugeint) as content
     from (select ${columnsOf(table)} from ${table}) as r`,
  );
  return row;
}

function columnsOf(table: string): string {
  if (table.startsWith("silver.")) return "* exclude (_processed_timestamp)";
  return "* replace (printf('%.11e', avg_transaction_value) as avg_transaction_value)";
}
