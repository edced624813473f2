import { describe, expect, test } from "@jest/globals";
import { requireReal, startVersitygw } from "./index.ts";

const real = await requireReal("versitygw");

(real ? describe : describe.skip)("startVersitygw", () => {
  test("answers, also on the same port after a kill", async () => {
    await using server = await startVersitygw();
    expect((await fetch(`${server.endpoint}/healthz`)).ok).toBe(true);
    await server.kill();
    await expect(fetch(`${server.endpoint}/healthz`)).rejects.toThrow();
    await server.restart();
    expect((await fetch(`${server.endpoint}/healthz`)).ok).toBe(true);
  });
});
