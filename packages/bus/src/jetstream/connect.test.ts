import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createDeferred } from "@wayward/base";
import { requireReal, startNats, type TempFolder, tempFolder } from "@wayward/testing";
import { takeMessages } from "../contract.ts";
import { openJetStreamBus } from "./bus.ts";

const LIMITS = { partitions: 1, maxBytes: 64 * 1024 * 1024 };

if (await requireReal("nats-server")) {
  describe("a bus that asks who comes", () => {
    test("lets in who has the login, and denies others, whose passwords it does not show", async () => {
      await using server = await startNats({ syncAlways: false, login: true });
      const { url: servers } = server;
      const bus = await openJetStreamBus({ ...LIMITS, servers, user: "app", password: "app" });
      expect(bus.incarnation(0)).not.toBe("");
      await bus.close();
      const wrong = openJetStreamBus({ ...LIMITS, servers, user: "app", password: "s3cret" });
      await expect(wrong).rejects.toMatchObject({ code: "PERMISSION_DENIED", reason: "BUS_DENIED" });
      await expect(wrong).rejects.toThrow(/^nats-server at 127\.0\.0\.1:\d+ refuses the login of app: (?!.*s3cret)/);
      await expect(openJetStreamBus({ ...LIMITS, servers })).rejects.toThrow("refuses a connection without login");
    }, 30_000);

    test("needs no more rights than the docs name, and denies who has less", async () => {
      const login = { user: "app", password: "app" };
      const config = (publish: readonly string[]) => {
        const rights = `publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(["wm.>", "wma.>", "_INBOX.>"])}`;
        const app = `APP: { jetstream: enabled, users: [ { user: app, password: app, permissions: { ${rights} } } ] }`;
        return `accounts { SYS: { users: [ { user: sys, password: sys } ] }, ${app} }`;
      };
      const publish = ["wm.>", "wma.>", "wmt.>", "wmw.>", "$JS.API.>"];
      await using server = await startNats({ syncAlways: false, login: true, config: config(publish) });
      const bus = await openJetStreamBus({ ...LIMITS, ...login, servers: server.url });
      const heard = createDeferred<string>();
      await bus.hear("accepted-0", (body) => heard.resolve(Buffer.from(body).toString()));
      bus.announce("accepted-0", Buffer.from("early"));
      expect(await heard.promise).toBe("early");
      await bus.publish(0, { tenant: "default", session: "0".repeat(26) }, Buffer.from("one"));
      expect(await takeMessages(bus, 0, 1n, 1)).toMatchObject([{ busSeq: 1n }]);
      await bus.topics.set("watermark/aa", Buffer.from("1"));
      for await (const { name } of bus.topics.watch("watermark", new AbortController().signal)) {
        expect(name).toBe("watermark/aa");
        break;
      }
      await bus.purge(0, 1n);
      await bus.close();

      await using less = await startNats({ syncAlways: false, login: true, config: config(publish.slice(0, 4)) });
      const denied = openJetStreamBus({ ...LIMITS, ...login, servers: less.url });
      await expect(denied).rejects.toMatchObject({ code: "PERMISSION_DENIED", reason: "BUS_DENIED" });
    }, 30_000);

    test("takes no half of a login or of a certificate", async () => {
      const bad = { reason: "BAD_CONFIG" };
      const servers = "nats://127.0.0.1:9";
      await expect(openJetStreamBus({ ...LIMITS, servers, password: "x" })).rejects.toMatchObject(bad);
      await expect(openJetStreamBus({ ...LIMITS, servers, certFile: "/x" })).rejects.toMatchObject(bad);
    });
  });

  describe("a bus behind TLS", () => {
    let folder: TempFolder;
    const file = (name: string) => join(folder.path, name);
    beforeAll(async () => {
      folder = await tempFolder("nats-tls");
      const names = ["-subj", "/CN=wayward test", "-addext", "subjectAltName=DNS:localhost"];
      const out = ["-keyout", file("key.pem"), "-out", file("cert.pem")];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...names, ...out], {
        stdio: "ignore",
      });
    });
    afterAll(() => folder.remove());

    test("is spoken to by who trusts its certificate, and by nobody else", async () => {
      const config = `tls { cert_file: "${file("cert.pem")}", key_file: "${file("key.pem")}" }`;
      await using server = await startNats({ syncAlways: false, config });
      // The library holds the certificate against a name, never against a number.
      const servers = server.url.replace("127.0.0.1", "localhost");
      const bus = await openJetStreamBus({ ...LIMITS, servers, caFile: file("cert.pem") });
      await bus.close();
      const stranger = openJetStreamBus({ ...LIMITS, servers });
      await expect(stranger).rejects.toMatchObject({ reason: "BUS_UNAVAILABLE" });
      await expect(stranger).rejects.toThrow("self-signed certificate");
    }, 30_000);

    test("is not spoken to in the clear where TLS is asked for", async () => {
      await using server = await startNats({ syncAlways: false });
      const tls = server.url.replace("nats://", "tls://");
      await expect(openJetStreamBus({ ...LIMITS, servers: tls })).rejects.toThrow("it speaks no TLS");
      const trusting = openJetStreamBus({ ...LIMITS, servers: server.url, caFile: file("cert.pem") });
      await expect(trusting).rejects.toThrow("it speaks no TLS");
    }, 30_000);
  });
} else describe.skip("a bus that asks who comes", () => test("needs nats-server", () => {}));
