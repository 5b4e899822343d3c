/**
 * A budget of units (capacity, requests) over time: `perSecond` of them come in, at most `burst` are kept. What is taken beyond the
 * level is a debt that later units pay. After `slowed` fewer come in, and slowly as many again (additive increase, multiplicative
 * decrease). A value: every function gives a new one. Times in ms since the epoch; a clock that goes back counts as one that stands.
 */
export interface TokenBucket {
  readonly perSecond: number;
  readonly burst: number;
  /** Below zero: owed. */
  readonly level: number;
  readonly atMs: number;
  /** Share of `perSecond` that came in at `atMs`, above 0 and at most 1. */
  readonly share: number;
}

/** What a second without complaint gives back of the share: a limit that was halved is whole again after ten. */
const RECOVERED_PER_SECOND = 0.05;
/** Never less than this share, so that it is found out when the complaint is over. */
const SHARE_LEAST = 1 / 64;

/** A bucket that begins full. */
export function fullBucket(
  { perSecond, burst = perSecond }: { readonly perSecond: number; readonly burst?: number },
  nowMs: number,
): TokenBucket {
  return { perSecond, burst, level: burst, atMs: nowMs, share: 1 };
}

/** The bucket with what has come in since. */
export function refilled(bucket: TokenBucket, nowMs: number): TokenBucket {
  const seconds = Math.max(0, nowMs - bucket.atMs) / 1_000;
  if (seconds === 0) return bucket;
  const level = Math.min(bucket.burst, bucket.level + unitsIn(bucket, seconds));
  return { ...bucket, level, atMs: nowMs, share: Math.min(1, bucket.share + RECOVERED_PER_SECOND * seconds) };
}

/** Takes units; they may be used after `waitMs`. Who takes first waits less. */
export function taken(
  bucket: TokenBucket,
  units: number,
  nowMs: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const now = refilled(bucket, nowMs);
  const level = now.level - units;
  return { bucket: { ...now, level }, waitMs: level >= 0 ? 0 : Math.ceil(secondsFor(now, -level) * 1_000) };
}

/** Corrects an estimate once it is known what was used: what was not used comes back, what was used beyond it is owed. */
export function settled(
  bucket: TokenBucket,
  { estimated, used }: { readonly estimated: number; readonly used: number },
): TokenBucket {
  return { ...bucket, level: Math.min(bucket.burst, bucket.level + estimated - used) };
}

/** Half as many units a second from now on, none in store. */
export function slowed(bucket: TokenBucket, nowMs: number): TokenBucket {
  const now = refilled(bucket, nowMs);
  return { ...now, level: Math.min(0, now.level), share: Math.max(SHARE_LEAST, now.share / 2) };
}

/** Units that come in within some seconds, the share growing meanwhile. */
function unitsIn({ perSecond, share }: TokenBucket, seconds: number): number {
  const growing = Math.min(seconds, (1 - share) / RECOVERED_PER_SECOND);
  return perSecond * (share * growing + (RECOVERED_PER_SECOND * growing ** 2) / 2 + (seconds - growing));
}

/** The inverse: seconds until so many units have come in. */
function secondsFor(bucket: TokenBucket, units: number): number {
  const { perSecond, share } = bucket;
  const growing = (1 - share) / RECOVERED_PER_SECOND;
  const meanwhile = unitsIn(bucket, growing);
  if (units >= meanwhile) return growing + (units - meanwhile) / perSecond;
  // share·t + RECOVERED/2·t² = units / perSecond
  const half = RECOVERED_PER_SECOND / 2;
  return (Math.sqrt(share ** 2 + (4 * half * units) / perSecond) - share) / (2 * half);
}
