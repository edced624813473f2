import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { requireReal, type S3Server, startVersitygw } from "@wayward/testing";
import { openS3Store } from "./store.ts";

const MIB = 1024 ** 2;
const SILENT = { code: "UNAVAILABLE", reason: "STORE_UNUSABLE", message: expect.stringContaining("does not answer") };

/** A line to a server, which can go dead or be slow. */
class Line {
  isDead = false;
  bytesPerMs = Number.POSITIVE_INFINITY;
  connections = 0;
  readonly #sockets: Socket[] = [];
  readonly #server = createServer((near) => {
    this.connections++;
    const far = connect(Number(new URL(this.#target).port), "127.0.0.1");
    for (const socket of [near, far]) this.#sockets.push(socket.on("error", () => {}));
    void this.#carry(near, far);
    void this.#carry(far, near);
  });
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
  }

  /** The address of its near end. */
  async open(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const bytes of from) {
        await delay(bytes.length / this.bytesPerMs);
        while (this.isDead && !from.destroyed) await delay(10);
        to.write(bytes);
      }
    } catch {
      // Either end may hang up.
    }
    to.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

if (await requireReal("versitygw")) {
  describe("an S3 server", () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await startVersitygw();
      Object.assign(process.env, server.env);
    });
    afterAll(() => server.stop());

    test("that accepts and says nothing is no store, and is asked once", async () => {
      await using line = new Line(server.endpoint);
      const endpoint = await line.open();
      line.isDead = true;
      const { bucket, region } = server;
      await expect(openS3Store({ bucket, endpoint, region, silenceMs: 300 })).rejects.toMatchObject(SILENT);
      expect(line.connections).toBe(1);
    }, 30_000);

    test("that falls silent fails whatever is asked, and serves again when it is back", async () => {
      await using line = new Line(server.endpoint);
      const endpoint = await line.open();
      const { bucket, region } = server;
      const store = await openS3Store({ bucket, endpoint, region, silenceMs: 1000 });
      const chunk = randomBytes(8 * MIB);
      await store.put("a/whole", chunk);
      line.isDead = true;
      const list = async () => {
        for await (const _ of store.list("a/")) break;
      };
      for (const asked of [
        () => store.put("a/one", chunk),
        () => store.put("a/pieces", [chunk, chunk]),
        () => store.createIfAbsent("a/log", Buffer.from("1")),
        () => store.get("a/whole"),
        () => store.remove(["a/whole"]),
        list,
      ])
        await expect(asked()).rejects.toMatchObject(SILENT);
      line.isDead = false;
      await store.put("a/pieces", [chunk, chunk]);
      expect((await store.get("a/pieces"))?.bytes.length).toBe(16 * MIB);
      await store.close();
    }, 60_000);

    test("that falls silent in the middle of an object fails its reader", async () => {
      await using line = new Line(server.endpoint);
      const endpoint = await line.open();
      const { bucket, region } = server;
      const store = await openS3Store({ bucket, endpoint, region, silenceMs: 1000 });
      await store.put("b/large", randomBytes(32 * MIB));
      line.bytesPerMs = 16 * 1024;
      const reading = expect(store.get("b/large")).rejects.toMatchObject({
        code: "UNAVAILABLE",
        reason: "STORE_UNUSABLE",
      });
      await delay(500);
      line.isDead = true;
      await reading;
      await store.close();
    }, 60_000);

    test("behind a slow line takes and gives what needs longer than it may be silent", async () => {
      await using line = new Line(server.endpoint);
      const endpoint = await line.open();
      line.bytesPerMs = 16 * 1024;
      const { bucket, region } = server;
      const store = await openS3Store({ bucket, endpoint, region, silenceMs: 2000 });
      const large = randomBytes(64 * MIB);
      const began = performance.now();
      await store.put("c/large", [large.subarray(0, MIB), large.subarray(MIB)]);
      expect(performance.now() - began).toBeGreaterThan(2500);
      const got = await store.get("c/large");
      expect(large.equals(got!.bytes)).toBe(true);
      await store.close();
    }, 60_000);
  });
} else describe.skip("an S3 server that falls silent", () => test("needs versitygw", () => {}));
