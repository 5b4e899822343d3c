import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { clone as cloneTable } from "../../delta/index.ts";
import { openPath, placesOf } from "../../lake/index.ts";
import { isS3Url } from "../../storage/index.ts";
import { byteSize, counted } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { snapshotWanted, withTable } from "../with-table.ts";

/** Makes a table of the files that a version of another one has, without copying any. */
export async function clone(session: Session): Promise<number> {
  const [typed = "", target = ""] = session.positionals;
  return await withTable(session, typed, async (table) => {
    const snapshot = await snapshotWanted(session, table);
    const path = isS3Url(target) ? target : resolve(session.io.folder, target);
    if (!isS3Url(target)) await mkdir(path, { recursive: true });
    const { world } = session.io;
    const { store, log, name } = table;
    const allowFilesFrom = placesOf(store);
    await using place = await openPath(path, world, { allowFilesFrom });
    const made = await cloneTable(
      { name, store, log, snapshot },
      { name: target, store: place.store, log: place.log, world },
    );
    const files = [...made.files.values()];
    const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    if (session.isJson) {
      const counts = { files: files.length, bytes };
      await session.printJson("clone", { table: typed, version: snapshot.version, target, ...counts, allowFilesFrom });
      return 0;
    }
    await session.print(
      `${target} is a clone of ${typed} at version ${snapshot.version}: ${counted(files.length, "file")} (${byteSize(bytes)}), none copied\n`,
    );
    session.say(`Its files stay where they are: read it with --allow-files-from ${allowFilesFrom.join(",")}`);
    return 0;
  });
}
