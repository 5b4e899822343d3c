import { createHash } from "node:crypto";
import { chmodSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { FailureCode } from "../../src/base/index.ts";
import type { WrittenExport } from "../builders/dynamodb-export.ts";

/** A way in which an export can be wrong. */
export interface Damage {
  readonly name: string;
  readonly code: FailureCode;
  /** Damages the export; gives the name of the file that the failure must name. */
  readonly harm: (one: WrittenExport) => string;
}

/** What the file was before, for every file that a damage touches. */
export function remembering(one: WrittenExport): { readonly mend: () => void } {
  const manifests = ["manifest-summary.json", "manifest-summary.md5", "manifest-files.json", "manifest-files.md5"];
  const files = [...one.files.map(({ path }) => path), ...manifests.map((name) => join(one.folder, name))];
  const bodies = files.map((file) => readFileSync(file));
  return {
    mend: () => {
      for (const [index, file] of files.entries()) {
        rmSync(file, { force: true });
        writeFileSync(file, bodies[index] ?? "");
      }
    },
  };
}

export const DAMAGES: readonly Damage[] = [
  { name: "a truncated gzip file", code: "source.corrupt", harm: (one) => cut(data(one), 40) },
  { name: "an empty data file", code: "source.corrupt", harm: (one) => cut(data(one), Number.POSITIVE_INFINITY) },
  {
    name: "a truncated gzip file whose MD5 was taken afterwards",
    code: "source.corrupt",
    harm: (one) => {
      const file = cut(data(one), 40);
      restate(one, (entry) => ({ ...entry, md5Checksum: md5(readFileSync(data(one))) }));
      return file;
    },
  },
  {
    name: "a data file that is no gzip",
    code: "source.corrupt",
    harm: (one) => {
      writeFileSync(data(one), gunzipSync(readFileSync(data(one))));
      return basename(data(one));
    },
  },
  {
    name: "other bytes than those of the MD5",
    code: "source.corrupt",
    harm: (one) => {
      const lines = gunzipSync(readFileSync(data(one))).toString();
      writeFileSync(data(one), gzipSync(lines.replace('"Leeds"', '"Leads"')));
      return basename(data(one));
    },
  },
  {
    name: "bytes behind the gzip data",
    code: "source.corrupt",
    harm: (one) => {
      writeFileSync(data(one), Buffer.concat([readFileSync(data(one)), Buffer.alloc(64)]));
      restate(one, (entry) => ({ ...entry, md5Checksum: md5(readFileSync(data(one))) }));
      return basename(data(one));
    },
  },
  {
    name: "a missing data file",
    code: "source.missing",
    harm: (one) => {
      renameSync(data(one), `${data(one)}.gone`);
      rmSync(`${data(one)}.gone`);
      return basename(data(one));
    },
  },
  {
    name: "a manifest that names more items of a file than it has",
    code: "source.corrupt",
    harm: (one) => recount(one, 1),
  },
  {
    name: "a manifest that names fewer items of a file than it has",
    code: "source.corrupt",
    harm: (one) => recount(one, -1),
  },
  {
    name: "a summary whose count is not that of the files",
    code: "source.corrupt",
    harm: (one) => {
      resummarize(one, (summary) => ({ ...summary, itemCount: Number(summary["itemCount"]) + 1 }));
      return "manifest-files.json";
    },
  },
  {
    name: "a list of files that was cut short",
    code: "source.corrupt",
    harm: (one) => {
      cut(join(one.folder, "manifest-files.json"), 30);
      return "manifest-files.json";
    },
  },
  {
    name: "a list of files that is no JSON, with its MD5",
    code: "source.corrupt",
    harm: (one) => {
      putManifest(one, "manifest-files", "{not json}\n");
      return "manifest-files.json";
    },
  },
  {
    name: "a list of files without a checksum",
    code: "source.corrupt",
    harm: (one) => {
      restate(one, ({ md5Checksum: _without, ...entry }) => entry);
      return "manifest-files.json";
    },
  },
  {
    name: "a list of files without its MD5 file",
    code: "source.missing",
    harm: (one) => {
      rmSync(join(one.folder, "manifest-files.md5"));
      return "manifest-files.md5";
    },
  },
  {
    name: "a file's key that leads out of the export folder",
    code: "source.invalid",
    harm: (one) => {
      restate(one, (entry) => ({ ...entry, dataFileS3Key: "orders/AWSDynamoDB/../../../etc/passwd" }));
      return "manifest-files.json";
    },
  },
  {
    name: "a summary that was cut short",
    code: "source.corrupt",
    harm: (one) => {
      cut(join(one.folder, "manifest-summary.json"), 10);
      return "manifest-summary.json";
    },
  },
  {
    name: "a summary that is an array",
    code: "source.corrupt",
    harm: (one) => {
      putManifest(one, "manifest-summary", "[]");
      return "manifest-summary.json";
    },
  },
  {
    name: "a data file that nobody may read",
    code: "source.denied",
    harm: (one) => {
      chmodSync(data(one), 0o000);
      return basename(data(one));
    },
  },
  {
    name: "a summary that nobody may read",
    code: "source.denied",
    harm: (one) => {
      chmodSync(join(one.folder, "manifest-summary.json"), 0o000);
      return "manifest-summary.json";
    },
  },
];

type Entry = Readonly<Record<string, unknown>>;

/** The data file that is damaged. */
function data(one: WrittenExport): string {
  const [file] = one.files;
  if (file === undefined) throw new Error("Cannot damage an export without files");
  return file.path;
}

function cut(file: string, bytes: number): string {
  truncateSync(file, Math.max(0, readFileSync(file).length - bytes));
  return basename(file);
}

/** Says another number of items of the damaged file, in the list and in the summary alike. */
function recount(one: WrittenExport, by: number): string {
  restate(one, (entry) => ({ ...entry, itemCount: Number(entry["itemCount"]) + by }));
  resummarize(one, (summary) => ({ ...summary, itemCount: Number(summary["itemCount"]) + by }));
  return basename(data(one));
}

/** Changes what the list of files says of the damaged file. */
function restate(one: WrittenExport, change: (entry: Entry) => Entry): void {
  const lines = readFileSync(join(one.folder, "manifest-files.json"), "utf8").trimEnd().split("\n");
  const changed = lines.map((line) => {
    const entry = JSON.parse(line) as Entry;
    const isDamaged = String(entry["dataFileS3Key"]).endsWith(basename(data(one)));
    return `${JSON.stringify(isDamaged ? change(entry) : entry)}\n`;
  });
  putManifest(one, "manifest-files", changed.join(""));
}

function resummarize(one: WrittenExport, change: (summary: Entry) => Entry): void {
  const summary = JSON.parse(readFileSync(join(one.folder, "manifest-summary.json"), "utf8")) as Entry;
  putManifest(one, "manifest-summary", JSON.stringify(change(summary)));
}

function putManifest({ folder }: WrittenExport, name: string, body: string): void {
  writeFileSync(join(folder, `${name}.json`), body);
  writeFileSync(join(folder, `${name}.md5`), md5(body));
}

function md5(body: string | Buffer): string {
  return createHash("md5").update(body).digest("base64");
}
