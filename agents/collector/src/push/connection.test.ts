import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { openConnection } from "./connection.ts";

test("a server that takes the connection and says nothing is given up", async () => {
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as AddressInfo;
  const closed = await new Promise((resolve, reject) => {
    const events = {
      answer: reject,
      closed: (message: string, lasts: boolean) => resolve({ message, lasts }),
    };
    openConnection(`127.0.0.1:${port}`, {}, events, 300).catch(reject);
  });
  expect(closed).toEqual({ message: "no answer within 0.3 s", lasts: false });
  mute.close();
});
