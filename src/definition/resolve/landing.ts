import type { Place } from "../reading/place.ts";
import { readChoice } from "../reading/read-scalar.ts";

/** How a table's records land in the lake, as one choice. */
const LANDINGS = ["stream", "kinesis", "firehose", "export", "scan"] as const;
type Landing = (typeof LANDINGS)[number];

/** Fields of a source by which its channels are chosen, as the user wrote them. */
interface ChannelFields {
  readonly landing?: unknown;
  readonly export?: unknown;
  readonly scan?: unknown;
  readonly stream?: unknown;
  readonly firehose?: unknown;
  readonly kinesis?: unknown;
  readonly incremental?: unknown;
}

/** A table without a stream is scanned anew so often where nobody says. */
const SCAN_EVERY = "24 hours";

/**
 * The channels that a landing stands for, in place of those that nobody wrote: what is written stays as it is. A channel that makes another
 * landing of it is a mistake, and noted.
 */
export function withLanding<Fields extends ChannelFields>(place: Place, fields: Fields): Fields {
  if (fields.landing === undefined) return fields;
  const landing = readChoice(place.at("landing"), fields.landing, LANDINGS);
  if (landing === undefined) return fields;
  const { channels, others } = MEANINGS[landing];
  const refused: Partial<Record<keyof ChannelFields, undefined>> = {};
  for (const [name, why] of Object.entries(others)) {
    const channel = name as keyof ChannelFields;
    if (fields[channel] === undefined || fields[channel] === false) continue;
    place.at(name).refuse(`nothing beside \`landing: "${landing}"\``, "one", why);
    // Said once: the other checks need not stumble over it.
    refused[channel] = undefined;
  }
  return { ...fields, ...channels(place, fields), ...refused };
}

interface Meaning {
  /** What is put where nothing is written. */
  readonly channels: (place: Place, fields: ChannelFields) => Partial<ChannelFields>;
  /** Channels that do not belong to it, and what to write instead. */
  readonly others: Partial<Record<keyof ChannelFields, string>>;
}

const MEANINGS: Readonly<Record<Landing, Meaning>> = {
  stream: {
    channels: (place, { stream, scan, export: exports }) => {
      if (stream === false) place.at("stream").refuse('`true` beside `landing: "stream"`', "false");
      return { stream: true, scan: scan ?? exports === undefined };
    },
    others: {},
  },
  kinesis: {
    channels: (place, { kinesis, scan, export: exports }) => {
      if (kinesis === undefined)
        place
          .at("kinesis")
          .refuse('the stream beside `landing: "kinesis"`', "none", 'its name or ARN, such as "orders-changes"');
      return { scan: scan ?? exports === undefined };
    },
    others: { stream: 'a stream is `landing: "stream"`' },
  },
  firehose: {
    channels: (place, { firehose, scan, export: exports }) => {
      if (firehose === undefined)
        place
          .at("firehose")
          .refuse('the place of the files beside `landing: "firehose"`', "none", 'such as "s3://bucket/prefix/"');
      return { scan: scan ?? exports === undefined };
    },
    others: { stream: 'a stream is `landing: "stream"`' },
  },
  export: {
    channels: (place, { export: exports }) => {
      if (exports === undefined)
        place
          .at("export")
          .refuse('the place of the exports beside `landing: "export"`', "none", 'such as "s3://bucket/prefix/"');
      // Noted already: nothing more is to be said of what lacks.
      return exports === undefined ? { scan: true } : {};
    },
    others: {
      stream: 'exports beside a stream are `landing: "stream"` with `export`',
      scan: "exports are the table's snapshot",
      incremental: "an index is read beside a scan",
      firehose: 'delivered files are `landing: "firehose"`',
      kinesis: 'a Kinesis stream is `landing: "kinesis"`',
    },
  },
  scan: {
    channels: (place, { scan }) => {
      if (scan === false) place.at("scan").refuse('a scan beside `landing: "scan"`', "false");
      return { scan: scan === undefined || typeof scan === "boolean" ? { every: SCAN_EVERY } : scan };
    },
    others: {
      stream: 'a scan beside a stream is `landing: "stream"`',
      export: 'exports instead of a scan are `landing: "export"`',
      firehose: 'delivered files are `landing: "firehose"`',
      kinesis: 'a Kinesis stream is `landing: "kinesis"`',
    },
  },
};
