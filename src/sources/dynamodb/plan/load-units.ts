import { SluiceError } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { PlannedFile } from "../../source.ts";
import type { Coverage } from "./coverage.ts";
import { digestOfFiles, type LoadedUnit } from "./cut-batches.ts";
import { EXPORTS_FOLDER } from "./data-path.ts";
import { checkManifest, parseDataFiles, type DataFile } from "./manifests.ts";
import type { PlannedUnit } from "./plan-exports.ts";
import { readSource, sizeOfSource } from "../../input/index.ts";

/** What comes before a damaged export is taken; it and what follows is not. */
export async function loadUnits(
  store: ObjectStore,
  units: readonly PlannedUnit[],
  partial: Coverage["partial"],
): Promise<{ readonly loaded: readonly LoadedUnit[]; readonly fault?: SluiceError }> {
  const loaded: LoadedUnit[] = [];
  for (const unit of units) {
    try {
      loaded.push(await loadUnit(store, unit, loaded.length === 0 ? partial : undefined));
    } catch (error) {
      if (!(error instanceof SluiceError) || !error.code.startsWith("source.")) throw error;
      return { loaded, fault: error };
    }
  }
  return { loaded };
}

/** Reads and checks a unit's manifests and looks at its files; a partly taken unit comes without what is in. */
async function loadUnit(store: ObjectStore, unit: PlannedUnit, partial: Coverage["partial"]): Promise<LoadedUnit> {
  const { folder, summary } = unit.export;
  await readChecked(store, `${folder}/manifest-summary`);
  const path = `${folder}/manifest-files.json`;
  const root = folder.slice(0, folder.lastIndexOf(EXPORTS_FOLDER));
  const files = parseDataFiles(await readChecked(store, `${folder}/manifest-files`), path, root);
  const records = files.reduce((sum, file) => sum + file.records, 0);
  if (records !== summary.itemCount) {
    throw new SluiceError("source.corrupt", "Cannot read an export: its manifests name different numbers of items", {
      facts: { file: path, items: records, summary: summary.itemCount },
    });
  }
  const filesTaken = partial?.filesTaken ?? 0;
  const taken = files.slice(0, filesTaken).map((file) => file.md5);
  if (partial !== undefined && digestOfFiles(taken) !== partial.digest) {
    throw new SluiceError(
      "source.invalid",
      "Cannot go on with an export of which a part is in: its files have changed",
      {
        facts: { file: path, filesTaken },
        advice: "Restore the export as it was, or make a later full export.",
      },
    );
  }
  const rest: PlannedFile[] = [];
  for (const file of files.slice(filesTaken)) rest.push(await plannedFile(store, file, unit));
  return { unit, files: rest, taken };
}

async function plannedFile(
  store: ObjectStore,
  { path, md5, records }: DataFile,
  { export: { summary } }: PlannedUnit,
): Promise<PlannedFile> {
  return { path, md5, records, sizeBytes: await sizeOfSource(store, path), unit: { ...summary.content } };
}

async function readChecked(store: ObjectStore, base: string): Promise<Uint8Array> {
  const manifest = await readSource(store, `${base}.json`);
  checkManifest(manifest, await readSource(store, `${base}.md5`), `${base}.json`);
  return manifest;
}
