import type { ChannelEpoch, ChannelHistory } from "./span.ts";

/** An epoch as the channel's memory tells it. */
export interface KnownEpoch<State> extends Partial<Omit<ChannelEpoch, "end">> {
  readonly state: State;
}

/**
 * The epochs of a channel by its memory, the oldest first, the newest one with what it has learnt since its last batch. An epoch in which
 * nothing was taken in yet has no batches.
 */
export function knownEpochs<State extends { readonly epoch: number }>(
  { epochs, moved }: ChannelHistory,
  decode: (text: string | undefined) => State | undefined,
): readonly KnownEpoch<State>[] {
  const newest = decode(moved);
  const known = epochs.flatMap(({ end, ...rest }): KnownEpoch<State>[] => {
    const state = decode(end);
    return state === undefined ? [] : [{ ...rest, state: state.epoch === newest?.epoch ? newest : state }];
  });
  const isNew = newest !== undefined && known.every(({ state }) => state.epoch < newest.epoch);
  return isNew ? [...known, { state: newest }] : known;
}
