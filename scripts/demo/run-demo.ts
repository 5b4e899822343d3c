import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeExport, type TableExport } from "./dynamodb-export.ts";
import { DEMO_SEED, makeShop } from "./shop.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, ".demo");
const CONFIG = "examples/shop";

const isColourful = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;

/** Makes the shop's exports, runs the lake over them and shows what came out. Starts over each time. */
export function runDemo(): number {
  rmSync(FOLDER, { recursive: true, force: true });
  const shop = makeShop(DEMO_SEED);
  const exports = join(FOLDER, "exports");
  const steps: readonly (() => number)[] = [
    () => {
      title("A tea shop keeps its orders and customers in DynamoDB. These exports have arrived:");
      for (const one of shop.delivered) writeExport(exports, one);
      writeExport(exports, shop.running, { isFinished: false });
      for (const one of shop.delivered) say(exportLine(one));
      say(exportLine(shop.running, { isFinished: false }));
      say("");
      say(
        dim("Among them: two lines that are no records, a price in words, two prices that cannot be, a customer that"),
      );
      say(dim("nobody knows, a post code that was a number until yesterday, and one export that was delivered twice."));
      return 0;
    },
    () => {
      title("One run takes in what is complete. The export behind the running one waits for it.");
      return sluice("run");
    },
    () => {
      title("Bronze, Silver and Gold are there as Delta tables, and Gold answers in SQL:");
      return sluice("query", "select * from gold.daily_sales order by day, segment limit 8");
    },
    () => {
      title(
        "The running export ends, with orders that were taken down on paper days ago. The lake goes on where it was:",
      );
      writeExport(exports, shop.running);
      say(exportLine(shop.running));
      say("");
      return sluice("run");
    },
    () => {
      title("The late orders are in the figures of their own days:");
      return sluice("query", "select * from gold.daily_sales order by day, segment limit 8");
    },
    () => {
      title("What was set aside, and why:");
      return sluice("quarantine", "list");
    },
    () => {
      title("How the tables stand, with the share of rows that passed every rule:");
      return sluice("status");
    },
    () => {
      title(
        "On January 7th somebody bought who is in no segment. From the figure down to the records that DynamoDB wrote:",
      );
      return sluice("trace", "gold.daily_sales", "2026-01-07|", "--record");
    },
    () => {
      title("A run with nothing new commits nothing:");
      return sluice("run");
    },
  ];
  for (const step of steps) {
    const status = step();
    if (status === 0) continue;
    say("");
    say(`The demo stopped: the command above ended with exit code ${status}.`);
    return 1;
  }
  whereNext();
  return 0;
}

function whereNext(): void {
  title("Where to look next");
  const places = [
    ["examples/shop/sluice.config.ts", "the whole lake, in one page"],
    [`npx sluice plan -c ${CONFIG}`, "what the next run would do"],
    [`npx sluice quarantine show silver.orders -c ${CONFIG}`, "the records that were set aside, whole"],
    [`npx sluice history silver.orders -c ${CONFIG}`, "what each commit did"],
    ["npx sluice read .demo/lake/silver/orders --version 0 --limit 5", "any Delta table, at any version"],
    ["docs/getting-started.md", "the same with tables of your own"],
  ] as const;
  const width = Math.max(...places.map(([place]) => place.length));
  for (const [place, about] of places) say(`  ${bold(place.padEnd(width))}  ${dim(about)}`);
  say("");
}

/** Runs a command as anybody would type it. */
function sluice(command: string, ...rest: readonly string[]): number {
  const shown = [command, ...rest.map((word) => (/[\s|*]/.test(word) ? `"${word}"` : word)), "-c", CONFIG].join(" ");
  say(`${dim("$")} ${bold(`npx sluice ${shown}`)}`);
  const main = join(ROOT, "dist", "cli", "main.js");
  const ended = spawnSync(process.execPath, [main, command, ...rest, "-c", CONFIG], { cwd: ROOT, stdio: "inherit" });
  if (ended.error !== undefined) say(ended.error.message);
  return ended.status ?? 1;
}

let steps = 0;

function title(text: string): void {
  steps += 1;
  say("");
  say(bold(cyan(`${steps}  ${text}`)));
  say("");
}

function exportLine({ period, table, lines, id }: TableExport, { isFinished = true } = {}): string {
  const what = "at" in period ? `full export of ${day(period.at)}` : `changes of ${day(period.from)}`;
  const count = isFinished ? `${lines.length} lines` : "still running";
  return `  ${table.padEnd(9)}  ${what.padEnd(26)}  ${count.padEnd(13)}  ${dim(id)}`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function bold(text: string): string {
  return painted(1, text);
}

function dim(text: string): string {
  return painted(2, text);
}

function cyan(text: string): string {
  return painted(36, text);
}

function painted(code: number, text: string): string {
  return isColourful ? `\u001B[${code}m${text}\u001B[0m` : text;
}
