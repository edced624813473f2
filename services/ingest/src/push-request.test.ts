import { expect, test } from "@jest/globals";
import { ingest } from "@wayward/api";
import fc from "fast-check";
import { readPushRequest } from "./push-request.ts";

test("a push request is read as the generated code reads it", () => {
  const request = fc.record({ block: fc.uint8Array({ maxLength: 40_000 }), sent: fc.bigInt(0n, 2n ** 64n - 1n) });
  const extra = fc.constantFrom(Buffer.alloc(0), Buffer.from([0x78, 1]));
  fc.assert(
    fc.property(request, extra, ({ block, sent }, more) => {
      const encoded = ingest.PushRequest.encode({ block: Buffer.from(block), sent }).finish();
      const message = Buffer.concat([encoded, more]);
      expect(readPushRequest(message)).toEqual(ingest.PushRequest.decode(message));
    }),
    { seed: 3 },
  );
});
