import {
  OWN_WRITE,
  filteredChange,
  isOwnWrite,
  projectItem,
  type AttributeMap,
  type ItemFilter,
} from "../contract/index.ts";
import type { StreamChange, StreamRecord } from "./stream-event.ts";

/**
 * What goes on of a record: the changes of items that the filter lets through, and of these the attributes that it keeps; an item that leaves
 * the filtered table as a delete. Keys, number, time and all else stay, so that the change has the same place and identity. Undefined where
 * nothing goes on: the item was never seen, or the change is Sluice's own writing.
 */
export function filteredRecord(record: StreamRecord, filter: ItemFilter | undefined): StreamRecord | undefined {
  const { dynamodb, eventName } = record;
  if (dynamodb === undefined) return record;
  const { NewImage: newImage, OldImage: oldImage, ...rest } = dynamodb;
  const hasImage = newImage !== undefined || eventName === "REMOVE";
  if (hasImage && isOwnWrite({ newImage, oldImage })) return undefined;
  if (filter === undefined) return record;
  const seen = filteredChange(filter, { newImage, oldImage, isInsert: eventName === "INSERT" });
  if (seen === "skip") return undefined;
  const kept = seen === "leaves" ? undefined : newImage;
  const change: StreamChange = {
    ...rest,
    ...(kept === undefined ? {} : { NewImage: projected(filter, kept) }),
    ...(oldImage === undefined ? {} : { OldImage: projected(filter, oldImage) }),
  };
  return { ...record, ...(seen === "leaves" ? { eventName: "REMOVE" } : {}), dynamodb: change };
}

/** The marker of our own writes stays: without it nobody would know them. */
function projected({ where, attributes }: ItemFilter, item: AttributeMap): AttributeMap {
  return attributes === undefined ? item : projectItem({ where, attributes: [...attributes, OWN_WRITE] }, item);
}
