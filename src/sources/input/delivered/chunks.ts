/** Compressed text is taken for so many times its size. */
export const INFLATION = 6;

export interface ChunkLimits<File> {
  readonly bytesMax: number;
  readonly filesMax: number;
  readonly sizeOf: (file: File) => number;
}

/** Cuts files, in their order, into parts of bounded size; a file that is larger than that is a part of its own. */
export function chunksOf<File>(
  files: readonly File[],
  { bytesMax, filesMax, sizeOf }: ChunkLimits<File>,
): readonly (readonly File[])[] {
  const chunks: File[][] = [];
  let bytes = 0;
  for (const file of files) {
    const size = sizeOf(file);
    const open = chunks.at(-1);
    if (open === undefined || bytes + size > bytesMax || open.length >= filesMax) {
      chunks.push([file]);
      bytes = size;
    } else {
      open.push(file);
      bytes += size;
    }
  }
  return chunks;
}
