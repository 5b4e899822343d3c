import type { Channel, Notice } from "../../sources/index.ts";

/** Does the work, and then has the channels put back what they changed at the source; what went wrong in the work is told first. */
export async function finishing(
  channels: readonly Pick<Channel, "finish">[],
  work: () => Promise<void>,
): Promise<readonly Notice[]> {
  const finish = async (): Promise<readonly Notice[]> => {
    const left: Notice[] = [];
    for (const channel of channels) left.push(...((await channel.finish?.()) ?? []));
    return left;
  };
  try {
    await work();
  } catch (error) {
    await finish().catch(() => undefined);
    throw error;
  }
  return await finish();
}
