import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { objectStoreSuite } from "../../../test/contracts/object-store-suite.ts";
import { requirePart } from "../../../test/services/parts.ts";
import { startMoto, startVersityGw, type S3Server } from "../../../test/services/s3-servers.ts";
import { realWorld } from "../../base/index.ts";
import { s3Store } from "./s3-store.ts";

const SERVERS = { versitygw: startVersityGw, moto: startMoto } as const;

for (const name of ["versitygw", "moto"] as const) {
  describe.skipIf(!requirePart(name))(`the S3 store on ${name}`, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await SERVERS[name]();
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    objectStoreSuite(name, async () =>
      s3Store({ url: `s3://${server.bucket}/${randomUUID()}`, endpoint: server.endpoint }, { world: realWorld() }),
    );
  });
}
