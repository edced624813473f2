import { describe, expect, test } from "@jest/globals";
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

  describe("a bucket", () => {
    test("that is not there is told apart from a login that is refused", async () => {
      await using server = await startVersitygw();
      Object.assign(process.env, server.env);
      const { bucket, endpoint, region } = server;
      const none = openS3Store({ bucket: "none", endpoint, region });
      await expect(none).rejects.toMatchObject({ code: "NOT_FOUND", reason: "NO_BUCKET" });
      process.env.AWS_ACCESS_KEY_ID = "nobody";
      const unknown = openS3Store({ bucket, endpoint, region });
      await expect(unknown).rejects.toMatchObject({ code: "PERMISSION_DENIED", reason: "STORE_DENIED" });
      Object.assign(process.env, server.env, { AWS_SECRET_ACCESS_KEY: "wrong" });
      const wrong = openS3Store({ bucket, endpoint, region });
      await expect(wrong).rejects.toMatchObject({ code: "PERMISSION_DENIED", reason: "STORE_DENIED" });
      Object.assign(process.env, server.env);
    });
  });
} else describe.skip("the store contract: s3", () => test("needs versitygw", () => {}));
