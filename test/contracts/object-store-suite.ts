import { describe } from "vitest";
import { beingBelow, changingObjects } from "./object-store/changing.ts";
import { creatingObjects } from "./object-store/creating.ts";
import { listingObjects } from "./object-store/listing.ts";
import type { MakeStore } from "./object-store/looking.ts";
import { namingObjects } from "./object-store/naming.ts";
import { readingObjects } from "./object-store/reading.ts";

/** What every adapter of the object store must do. `make` opens a new, empty store of its own place. */
export function objectStoreSuite(name: string, make: MakeStore): void {
  describe(`object store: ${name}`, () => {
    creatingObjects(make);
    readingObjects(make);
    namingObjects(make);
    listingObjects(make);
    changingObjects(make);
    beingBelow(make);
  });
}
