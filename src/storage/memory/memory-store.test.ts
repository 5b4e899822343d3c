import { objectStoreSuite } from "../../../test/contracts/object-store-suite.ts";
import { simulatedWorld } from "../../base/index.ts";
import { memoryStore } from "./memory-store.ts";

const world = simulatedWorld(1);

objectStoreSuite("memory", async () => memoryStore({ world }));
