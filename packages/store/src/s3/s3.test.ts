import { describe, test } from "@jest/globals";
import { requireReal, startVersitygw } from "@wayward/testing";
import { describeStore } from "../contract.ts";
import { openS3Store } from "./store.ts";

if (await requireReal("versitygw")) {
  describeStore("s3 (versitygw)", async () => {
    const server = await startVersitygw();
    Object.assign(process.env, server.env);
    const { bucket, endpoint, region } = server;
    return { store: await openS3Store({ bucket, endpoint, region }), stop: () => server.stop() };
  });
} else describe.skip("the store contract: s3", () => test("needs versitygw", () => {}));
