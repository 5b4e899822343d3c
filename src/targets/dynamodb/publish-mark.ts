import { SluiceError } from "../../base/index.ts";
import { OWN_WRITE, type AttributeMap } from "../../contract/index.ts";
import type { PublishMark } from "../target.ts";
import type { KeyAttribute } from "./key-attributes.ts";
import { markKey, markText, readMarkText } from "./marker.ts";
import { getItem, putIf, refusedItem } from "./put-item.ts";
import type { Requests } from "./requests.ts";

interface MarkPlace {
  readonly publisher: string;
  readonly keys: readonly KeyAttribute[];
}

export async function readMark(requests: Requests, { publisher, keys }: MarkPlace): Promise<PublishMark | undefined> {
  const item = await getItem(requests, markKey(publisher, keys));
  if (item === undefined) return undefined;
  const mark = readMarkText(item);
  if (mark !== undefined) return mark;
  throw new SluiceError(
    "target.invalid",
    `Cannot publish to the DynamoDB table ${requests.table}: the item that says how far ${publisher} was published is none of this version's`,
    {
      facts: { table: requests.table, key: JSON.stringify(markKey(publisher, keys)) },
      advice:
        "Publish with the version of Sluice that wrote it, or remove that item and run `sluice publish --repair`.",
    },
  );
}

/** `replaces`: what the writer has read; nothing is written when there is anything else. */
export async function writeMark(
  requests: Requests,
  {
    mark,
    replaces,
    keys,
  }: {
    readonly mark: PublishMark;
    readonly replaces: PublishMark | undefined;
    readonly keys: readonly KeyAttribute[];
  },
): Promise<"written" | "changed"> {
  const text = markText(mark);
  const key = markKey(mark.publisher, keys);
  const item: AttributeMap = { ...key, [OWN_WRITE]: { M: { publisher: { S: mark.publisher }, mark: { S: text } } } };
  const condition =
    replaces === undefined
      ? { expression: "attribute_not_exists(#k)", names: { "#k": keys[0]?.name ?? "" }, values: {} }
      : {
          expression: "#m.#mark = :before",
          names: { "#m": OWN_WRITE, "#mark": "mark" },
          values: { ":before": { S: markText(replaces) } },
        };
  try {
    await putIf(requests, { item, condition, units: 1 });
    return "written";
  } catch (error) {
    const existing = await refusedItem(requests, error, { item, keys });
    // An earlier attempt has had its effect, and only its answer was lost.
    const there = existing === undefined ? undefined : readMarkText(existing);
    return there !== undefined && markText(there) === text ? "written" : "changed";
  }
}
