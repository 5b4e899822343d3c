import { SluiceError } from "../../base/index.ts";
import { isPrimitiveName, type PrimitiveName } from "../../contract/index.ts";
import { showProgress } from "../progress.ts";
import { byteSize, counted, thousands } from "../render/amounts.ts";
import type { Session } from "../session.ts";
import { withTable } from "../with-table.ts";

/** Makes a Delta table of a folder of Parquet files. */
export async function convert(session: Session): Promise<number> {
  const [typed = ""] = session.positionals;
  const given = session.flags.list("partition-types") ?? [];
  const partitionTypes = Object.fromEntries(given.map((part) => partitionType(part)));
  return await withTable(session, typed, async (table) => {
    using progress = showProgress(session);
    const outcome = await table.engine.convert(
      { ...table, snapshot: await table.log.latest() },
      {
        partitionTypes,
        signal: session.io.signal,
        onProgress: ({ files, ofFiles }) =>
          progress.onProgress({
            table: typed,
            phase: "read",
            detail: `${thousands(files)} of ${counted(ofFiles, "file")}`,
            rows: 0,
          }),
      },
    );
    progress[Symbol.dispose]();
    const files = [...(outcome.snapshot?.files.values() ?? [])];
    const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const columns = outcome.snapshot?.metadata.schema.fields.length ?? 0;
    const partitionColumns = outcome.snapshot?.metadata.partitionColumns ?? [];
    if (session.isJson) {
      const version = outcome.snapshot?.version ?? null;
      await session.printJson("convert", {
        table: typed,
        version,
        files: files.length,
        bytes,
        columns,
        partitionColumns,
      });
    } else {
      const by = partitionColumns.length === 0 ? "" : `, partitioned by ${partitionColumns.join(", ")}`;
      await session.print(
        `${typed} is a Delta table: ${counted(files.length, "file")} (${byteSize(bytes)}), ${counted(columns, "column")}${by}\n`,
      );
    }
    return 0;
  });
}

function partitionType(text: string): [column: string, type: PrimitiveName] {
  const at = text.indexOf("=");
  const type = text.slice(at + 1);
  if (at > 0 && isPrimitiveName(type)) return [text.slice(0, at), type];
  throw new SluiceError("usage.invalid", `Cannot use --partition-types ${text}: it names no column and type`, {
    facts: { flag: "--partition-types", value: text },
    advice: "Write it as column=type, several with commas between them: string, date, integer, long, timestamp …",
  });
}
