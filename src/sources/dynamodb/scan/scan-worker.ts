import { parentPort } from "node:worker_threads";
import { SluiceError, must } from "../../../base/index.ts";
import { fileBytes } from "../../input/index.ts";
import { scanFile } from "./scan-file.ts";
import { portable, type ScanReply, type ScanRequest } from "./scan-worker-host.ts";

/** The thread's side of `ScanWorker`: scans the files it is told of, one after another. */
const port = must(parentPort, "a scanning thread has a parent");

port.on("message", ({ folder, task }: ScanRequest) => {
  void scanFile(task, fileBytes(folder, task.file), (inflatedBytes, rows) => {
    reply({ kind: "progress", inflatedBytes, rows });
  }).then(
    (file) => reply({ kind: "scanned", file }),
    (error: unknown) => {
      // Anything but a known failure ends the thread, with its stack.
      if (!(error instanceof SluiceError)) throw error;
      reply({ kind: "failed", failure: portable(error) });
    },
  );
});

function reply(message: ScanReply): void {
  port.postMessage(message);
}
