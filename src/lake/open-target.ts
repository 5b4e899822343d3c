import type { World } from "../base/index.ts";
import { publisherOf, type PublishOptions } from "../layers/index.ts";
import { dynamodbTable } from "../targets/index.ts";

/** Opens the target that a table names. */
export function targetOpener(
  lake: string,
  world: World,
  signal: AbortSignal | undefined,
): PublishOptions["openTarget"] {
  return (definition, keys) => {
    const { table, region, endpoint, existing, tombstones, ...capacity } = definition.publish;
    const writeCapacity = capacity.writeCapacity ?? capacity.raiseTo;
    return dynamodbTable(
      {
        table,
        keys,
        publisher: publisherOf(lake, definition),
        existing,
        tombstoneMs: tombstones.keepMs,
        ...(region === undefined ? {} : { region }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(writeCapacity === undefined ? {} : { writeCapacity }),
        ...(tombstones.ttlAttribute === undefined ? {} : { ttlAttribute: tombstones.ttlAttribute }),
      },
      { world, ...(signal === undefined ? {} : { signal }) },
    );
  };
}
