import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** A folder on a device of its own whose size can be set, as root can make one; undefined where that is not allowed. */
export function smallDisk(folder: string, sizeBytes: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  if (!mount("-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", folder)) return undefined;
  return {
    resize: (bytes) => {
      if (!mount("-o", `remount,size=${bytes}`, folder)) throw new Error(`Cannot resize the disk at ${folder}`);
    },
    setReadOnly: (isReadOnly) => {
      if (!mount("-o", `remount,${isReadOnly ? "ro" : "rw"}`, folder)) throw new Error(`Cannot remount ${folder}`);
    },
    [Symbol.dispose]: () => {
      spawnSync("umount", ["-l", folder], { stdio: "ignore" });
    },
  };
}

export interface SmallDisk extends Disposable {
  readonly resize: (bytes: number) => void;
  readonly setReadOnly: (isReadOnly: boolean) => void;
}

/** What a program is to be run under so that no file of its grows beyond so many blocks of 512 bytes. */
export function withFilesUpTo(blocks: number): readonly string[] {
  return ["/bin/sh", "-c", `ulimit -f ${blocks} && exec "$0" "$@"`];
}

function mount(...words: readonly string[]): boolean {
  return spawnSync("mount", words, { stdio: "ignore" }).status === 0;
}
