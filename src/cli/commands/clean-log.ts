import { byteSize, counted } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { withTable } from "../with-table.ts";

const DAY_MS = 24 * 3_600_000;

/** Removes old versions from a table's log. */
export async function cleanLog(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const days = session.flags.wholeNumber("retain-days");
  return await withTable(session, typed, async (table) => {
    const dependant = await table.dependant?.();
    const report = await table.log.cleanUp({
      dryRun: session.flags.isOn("dry-run"),
      ...(days === undefined ? {} : { retentionMs: days * DAY_MS }),
      ...(dependant === undefined ? {} : { keepAfterVersion: dependant.version }),
    });
    const { removed, removedBytes, oldestVersion, isDryRun } = report;
    if (session.isJson) {
      const counts = { removedFiles: removed.length, removedBytes, oldestVersion };
      await session.printJson("clean-log", { table: typed, dryRun: isDryRun, ...counts });
    } else {
      const what = removed.length === 0 ? "nothing" : `${counted(removed.length, "file")} (${byteSize(removedBytes)})`;
      const verb = isDryRun ? "would be" : "is";
      await session.print(`${typed}: ${what} ${verb} removed; its log begins with version ${oldestVersion}\n`);
    }
    return 0;
  });
}
