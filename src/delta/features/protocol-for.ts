import type { ProtocolAction, TableMetadata } from "../actions.ts";
import { FEATURES, type Feature } from "./registry.ts";
import { supportsFeature } from "./support.ts";

/** What every table of ours starts from: read by everything, `appendOnly` and `invariants` come with it. */
const LOWEST: ProtocolAction = { minReaderVersion: 1, minWriterVersion: 2 };

/**
 * The lowest protocol that allows what the metadata makes use of (deletion vectors when `delta.enableDeletionVectors` is
 * true, timestampNtz when a column has the type): 1/2 for a plain table, else 3/7 with the features listed.
 * Features that are `named` are listed in any case.
 * With a present protocol: that one as it is when it suffices, else raised to 3/7, carrying over every feature that its
 * versions imply (Delta PROTOCOL, "Table Features": upgrading must not drop one).
 */
export function protocolFor(
  metadata: TableMetadata,
  present?: ProtocolAction,
  named: readonly string[] = [],
): ProtocolAction {
  const base = present ?? LOWEST;
  const active = [...FEATURES.values()].filter(
    (feature) => feature.activeIn?.(metadata) === true || named.includes(feature.name),
  );
  const missing = withRequired(active).filter((feature) => !supportsFeature(base, feature));
  if (missing.length === 0) return base;
  const carried = present === undefined ? [] : impliedBy(present);
  const more = [...carried, ...missing, ...(present === undefined ? activeLegacy(metadata) : [])];
  const listed = (base.writerFeatures ?? []).map((name) => FEATURES.get(name));
  const readers = [...listed, ...more]
    .filter((feature) => feature?.kind === "reader-writer")
    .flatMap((feature) => feature?.name ?? []);
  const readerVersion = readers.length > 0 || base.minReaderVersion >= 3 ? 3 : base.minReaderVersion;
  return {
    minReaderVersion: readerVersion,
    minWriterVersion: 7,
    ...(readerVersion >= 3 ? { readerFeatures: union(base.readerFeatures, readers) } : {}),
    writerFeatures: union(
      base.writerFeatures,
      more.map((feature) => feature.name),
    ),
  };
}

/** Features and those that they cannot be without. */
function withRequired(features: readonly Feature[]): Feature[] {
  const required = features.flatMap(({ requires = [] }) => requires.flatMap((name) => FEATURES.get(name) ?? []));
  return [...new Set([...features, ...required])];
}

/** Features that the legacy versions of a protocol imply; those of version 7 are listed already. */
function impliedBy(protocol: ProtocolAction): Feature[] {
  if (protocol.minWriterVersion >= 7) return [];
  return [...FEATURES.values()].filter((feature) => supportsFeature(protocol, feature));
}

/** A new table lists of the legacy features only those that it uses. */
function activeLegacy(metadata: TableMetadata): Feature[] {
  return [...FEATURES.values()].filter(
    (feature) => feature.legacyWriter !== undefined && feature.activeIn?.(metadata) === true,
  );
}

function union(present: readonly string[] | undefined, added: readonly string[]): readonly string[] {
  return [...new Set([...(present ?? []), ...added])].toSorted();
}
