import { SluiceError } from "../../../base/index.ts";

/** The folder that every export to S3 makes below its prefix. */
export const EXPORTS_FOLDER = "AWSDynamoDB";

/**
 * Where an S3 key of a manifest lies here: what follows the bucket's own prefix, below the folder that holds
 * `AWSDynamoDB/` (`root`, with a slash behind it, or empty). A key that would lead out of it is refused.
 */
export function dataFilePath(key: string, root: string, manifest: string): string {
  const at = `/${key}`.lastIndexOf(`/${EXPORTS_FOLDER}/`);
  const inner = at < 0 ? "" : key.slice(at);
  const segments = inner.split("/");
  const isPlain =
    segments.length > 2 && segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (!isPlain || key.split("/").includes("..") || /[\\\0]/.test(key)) {
    throw new SluiceError(
      "source.invalid",
      "Cannot follow a data file's key: it does not stay below the export folder",
      {
        facts: { file: manifest, key },
      },
    );
  }
  return root + inner;
}
