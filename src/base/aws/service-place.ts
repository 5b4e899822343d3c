/** Where an AWS service is asked. */
export interface ServicePlace {
  /** Undefined: as the environment says. */
  readonly region?: string;
  /** Another server than AWS's own. */
  readonly endpoint?: string;
}

/** The region to name; undefined: the SDK's own to find. What is not in AWS has none, and the signature wants a name all the same. */
export function regionOf({ region, endpoint }: ServicePlace): string | undefined {
  if (region !== undefined || endpoint === undefined) return region;
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  return AWS_REGION || AWS_DEFAULT_REGION || "us-east-1";
}

/** More at once would wait for the service or the network card. */
export const SOCKETS_MAX = 64;
const CONNECT_MS = 5_000;

/**
 * The settings of an SDK's client that asks small questions: each is answered within `answerMs` or fails, also where the answer stops in
 * its middle for so long. `attempts`: tries that the SDK makes unseen, the first one included.
 */
export function clientSettings(
  place: ServicePlace,
  { attempts, answerMs }: { readonly attempts: number; readonly answerMs: number },
) {
  const { endpoint } = place;
  const region = regionOf(place);
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: answerMs,
      // Without it the SDK complains, and waits on.
      throwOnRequestTimeout: true,
      socketTimeout: answerMs,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  };
}
