/** Files of changed rows lie in a folder that looks hidden and is the table's own. */
const CHANGE_FOLDER = "_change_data";

/**
 * Whether a path lies in a hidden part of a table's folder, which is not the table's to clean: a file or folder whose name starts with
 * `_` or `.`, except folders of partition columns that are named so, and the one of change data.
 */
export function isHidden(path: string, partitionColumns: readonly string[]): boolean {
  const segments = path.split("/");
  return segments.some((segment, index) => {
    if (!segment.startsWith("_") && !segment.startsWith(".")) return false;
    if (index === segments.length - 1) return true;
    return !(index === 0 && segment === CHANGE_FOLDER) && !isPartitionFolder(segment, partitionColumns);
  });
}

/** `column=value`, the column's name escaped as Hive does. */
function isPartitionFolder(segment: string, partitionColumns: readonly string[]): boolean {
  const at = segment.indexOf("=");
  if (at < 0) return false;
  const name = unescaped(segment.slice(0, at)).toLowerCase();
  return partitionColumns.some((column) => column.toLowerCase() === name);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
