import { SluiceError } from "../../../base/index.ts";
import type { Channel } from "../../source.ts";
import { SourceFault, type TableClient } from "./table-client.ts";

/** A channel whose last faults, such as a table that stays throttled, are failures with a code. */
export function plainFailures(channel: Channel, { where }: Pick<TableClient, "where">): Channel {
  const plainly = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceFault)) throw error;
      throw new SluiceError("source.unavailable", `Cannot read the ${channel.name}: ${WHY[error.kind]}`, {
        facts: { at: where },
        cause: error,
      });
    }
  };
  return {
    ...channel,
    plan: async (state) => await plainly(async () => await channel.plan(state)),
    stage: async (batch, known, context) => await plainly(async () => await channel.stage(batch, known, context)),
  };
}

const WHY = {
  throttled: "it is throttled",
  "iterator-expired": "its iterators expire faster than they are used",
  trimmed: "its records go faster than they are read",
  missing: "it is not there any more",
};
