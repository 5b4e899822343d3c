import type { PrivateFolder } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { PlannedBatch, StagedBatch } from "../../sources/index.ts";

export interface StageAhead {
  readonly batches: readonly PlannedBatch[];
  /** The table's schema before the first batch; each batch knows what those before it added. */
  readonly known: StructType | undefined;
  readonly openFolder: () => Promise<PrivateFolder>;
  readonly stage: (batch: PlannedBatch, known: StructType | undefined, into: StageInto) => Promise<StagedBatch>;
  /** Asked after each batch: whether no other one is to be begun, because it is somebody else's turn. */
  readonly isOver?: () => boolean;
}

export interface StageInto {
  readonly folder: string;
  /** Nobody waits for the batch any more. */
  readonly signal: AbortSignal;
}

export interface ReadyBatch {
  readonly batch: PlannedBatch;
  /** Its files are there until the next one is asked for. */
  readonly staged: StagedBatch;
}

/**
 * Batches in their order, open ones with those behind them, each read while the one before is committed: reading waits for disks and networks, committing for the
 * engine. No more than two are there at a time, and what a channel reads ahead of the second. A batch that cannot be read fails when it is asked for, not before.
 */
export async function* stageAhead(work: StageAhead): AsyncGenerator<ReadyBatch> {
  const over = new AbortController();
  const planned = [...work.batches];
  const start = async (known: StructType | undefined, behind?: PlannedBatch): Promise<InFolder | undefined> => {
    const batch = behind ?? planned.shift();
    return batch === undefined ? undefined : await inFolder(work, batch, { known, signal: over.signal });
  };
  let next = start(work.known);
  try {
    for (;;) {
      const ready = await next;
      if (ready === undefined) return;
      await using _folder = ready.folder;
      const { staged } = ready;
      const isLast = work.isOver?.() === true;
      next = isLast ? Promise.resolve(undefined) : start(staged.schema, staged.behind);
      // It is told to whoever asks for the batch; until then nobody listens.
      next.catch(() => undefined);
      yield { batch: ready.batch, staged };
    }
  } finally {
    over.abort();
    const left = await next.catch(() => undefined);
    await left?.folder[Symbol.asyncDispose]();
  }
}

interface InFolder extends ReadyBatch {
  readonly folder: PrivateFolder;
}

async function inFolder(
  { openFolder, stage }: StageAhead,
  batch: PlannedBatch,
  { known, signal }: { readonly known: StructType | undefined; readonly signal: AbortSignal },
): Promise<InFolder> {
  const folder = await openFolder();
  try {
    return { batch, staged: await stage(batch, known, { folder: folder.path, signal }), folder };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}
