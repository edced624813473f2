import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AccessSettings, explainCall, keyLine, makeKey, reach } from "@wayward/access";
import { health, ingest, query, reflection, rpc, stream } from "@wayward/api";
import { Code, delay } from "@wayward/base";
import { Authority, type TempFolder, tempFolder, until } from "@wayward/testing";
import { serverStream } from "../grpc/handlers.ts";
import type { GrpcService } from "../grpc/server.ts";
import { createLog } from "../log.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { type Serving, serve } from "../serve.ts";
import { type DoorFiles, type Doors, openDoors } from "./doors.ts";
import { permissionOf, SCOPES, type Scope } from "./permissions.ts";

const log = createLog("error");

/** Says who came to it, and for how long it likes. */
const observing: GrpcService = {
  definition: { observe: stream.StreamServiceService.observe },
  implementation: {
    observe: serverStream<stream.ObserveRequest, stream.ObserveResponse>(log, async function* (_, { signal }) {
      for (let turn = 0; !signal.aborted; turn++) {
        yield stream.ObserveResponse.fromPartial({ cursor: Buffer.from(String(turn)) });
        await delay(20, signal);
      }
    }),
  },
};

/** Every method of ours, each of which says that it was reached. */
const everything: GrpcService[] = [
  ingest.IngestServiceService,
  query.QueryServiceService,
  stream.StreamServiceService,
].map((definition) => ({
  definition,
  implementation: Object.fromEntries(
    Object.entries(definition).map(([name, { requestStream, responseStream }]) => {
      const reached = { code: grpc.status.ABORTED, details: "reached" };
      const one = (_: unknown, callback: (error: object) => void) => callback(reached);
      const many = (call: NodeJS.EventEmitter) => void call.emit("error", Object.assign(new Error(), reached));
      return [name, requestStream || responseStream ? many : one];
    }),
  ),
}));

/** What a call came to. */
interface Outcome {
  readonly code: number;
  readonly reason: string | undefined;
  readonly message: string;
}

describe("closed doors", () => {
  let folder: TempFolder;
  let authority: Authority;
  let serving: Serving;
  let doors: Doors;
  let metrics: Metrics;
  const file = (name: string) => join(folder.path, name);

  beforeEach(async () => {
    folder = await tempFolder("doors");
    authority = new Authority(folder.path);
  });
  afterEach(async () => {
    await serving.stop();
    doors.close();
    await folder.remove();
  });

  async function start(files: DoorFiles, services: readonly GrpcService[]): Promise<void> {
    metrics = createMetrics();
    doors = openDoors(files, "127.0.0.1", { log, metrics });
    const parts = [{ name: "query", services, stop: async () => {} }];
    serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, doors, log, metrics });
  }

  const address = (scheme = "") => `${scheme}localhost:${serving.address.split(":")[1]}`;

  /** Calls a method with nothing to say. */
  function call(path: string, access: AccessSettings, at = address()): Promise<Outcome> {
    const { target, credentials, options, metadata } = reach(grpc, at, access);
    const client = new grpc.Client(target, credentials, options);
    return new Promise((resolve) => {
      const bytes = (value: Buffer) => value;
      client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        Buffer.alloc(0),
        metadata(),
        { deadline: Date.now() + 5_000 },
        (error) => {
          client.close();
          const explained = error?.code === Code.UNAVAILABLE ? explainCall(error.details, at, access) : undefined;
          resolve({
            code: error?.code ?? 0,
            reason: explained?.reason ?? reasonIn(error?.metadata),
            message: explained?.message ?? error?.details ?? "",
          });
        },
      );
    });
  }

  test("let each method of each service be called by those scopes that its row names, and by nobody else", async () => {
    const keys = new Map(SCOPES.map((scope): [Scope, string] => [scope, makeKey()]));
    writeFileSync(file("keys"), [...keys].map(([scope, key]) => keyLine(key, [scope], {})).join(""));
    await start({ keys: file("keys") }, everything);
    const paths = everything.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));
    const open = [health.HealthService.check.path];
    const table: Record<string, string> = {};
    for (const path of [...paths, reflection.ServerReflectionService.serverReflectionInfo.path, ...open]) {
      const nobody = await call(path, {});
      const row = [`nobody ${nobody.reason ?? "in"}`];
      for (const [scope, key] of keys) {
        const { reason } = await call(path, { key });
        row.push(`${scope} ${reason ?? "in"}`);
      }
      table[path.slice(path.lastIndexOf("/") + 1)] = row.join(", ");
    }
    const only = (...scopes: string[]) =>
      ["nobody NO_KEY", ...SCOPES.map((scope) => `${scope} ${scopes.includes(scope) ? "in" : "NOT_ALLOWED"}`)].join(
        ", ",
      );
    expect(table).toEqual({
      StartSession: only("ingest"),
      Push: only("ingest"),
      GetControl: only("ingest", "read", "admin"),
      SetControl: only("admin"),
      ListSessions: only("read"),
      GetSession: only("read"),
      ListKinds: only("read"),
      Count: only("read"),
      Read: only("read"),
      Analyze: only("read"),
      Observe: only("read"),
      DeleteSession: only("delete"),
      ServerReflectionInfo: only(...SCOPES),
      Check: ["nobody", ...SCOPES].map((who) => `${who} in`).join(", "),
    });
  }, 60_000);

  test("refuse with code and reason, and what to do", async () => {
    const [agent, old] = [makeKey(), makeKey()];
    const lines = [keyLine(agent, ["ingest"], {}), keyLine(old, ["read"], { until: "2026-01-01T00:00:00Z" })];
    writeFileSync(file("keys"), lines.join(""));
    await start({ keys: file("keys") }, everything);
    const path = "/wayward.query.v1.QueryService/Count";
    expect([
      await call(path, {}),
      await call(path, { key: makeKey() }),
      await call(path, { key: `${agent.slice(0, -1)}${agent.endsWith("a") ? "b" : "a"}` }),
      await call(path, { key: old }),
      await call(path, { key: agent }),
    ]).toMatchObject([
      { code: Code.UNAUTHENTICATED, reason: "NO_KEY", message: expect.stringContaining("WAYWARD_KEY_FILE") },
      { code: Code.UNAUTHENTICATED, reason: "BAD_KEY" },
      { code: Code.UNAUTHENTICATED, reason: "BAD_KEY" },
      { code: Code.UNAUTHENTICATED, reason: "KEY_EXPIRED" },
      { code: Code.PERMISSION_DENIED, reason: "NOT_ALLOWED", message: expect.stringContaining("scope read") },
    ]);
    const counted = await (await metricsText(agent)).text();
    expect(counted).toContain('wayward_refused_calls_total{reason="BAD_KEY"} 2');
    const { status } = await metricsText(makeKey());
    expect([status, (await fetch(`http://${serving.httpAddress}/readyz`)).status]).toEqual([401, 200]);
  });

  const metricsText = (key: string) =>
    fetch(`http://${serving.httpAddress}/metrics`, { headers: { authorization: `Bearer ${key}` } });

  /** Observes until the call ends; tells messages so far, and how it ended. */
  function observe(access: AccessSettings, at = address()) {
    const { target, credentials, options, metadata } = reach(grpc, at, access);
    const client = new stream.StreamServiceClient(target, credentials, options);
    const observation = client.observe(stream.ObserveRequest.fromPartial({}), metadata());
    const seen = { messages: 0, ended: undefined as Outcome | undefined, cancel: () => observation.cancel() };
    observation.on("data", () => seen.messages++);
    observation.on("error", () => {});
    observation.on("status", ({ code, details, metadata: trailer }) => {
      seen.ended = { code, message: details, reason: reasonIn(trailer) };
      client.close();
    });
    return seen;
  }

  test("know a changed file of keys within two seconds, and end the streams of a key that is gone", async () => {
    const [first, second] = [makeKey(), makeKey()];
    const path = "/wayward.stream.v1.StreamService/Observe";
    writeFileSync(file("keys"), keyLine(first, ["read"], {}));
    await start({ keys: file("keys") }, [observing]);
    const kept = observe({ key: first });
    await until("it observes", () => kept.messages > 0);
    expect((await call(path, { key: second })).reason).toBe("BAD_KEY");

    // Both hold while keys are replaced.
    writeFileSync(file("keys"), keyLine(first, ["read"], {}) + keyLine(second, ["read"], {}));
    const other = observe({ key: second });
    await until("the new one is known", async () => {
      if (other.messages > 0) return true;
      return (await call(path, { key: second })).reason !== "BAD_KEY";
    });
    expect(kept.ended).toBeUndefined();

    // What is no file of keys changes nothing.
    writeFileSync(file("keys"), "nonsense");
    await delay(1_500);
    expect(kept.ended).toBeUndefined();

    const expiresMs = Math.ceil(Date.now() / 1000) * 1000 + 2_000;
    const expiring = keyLine(second, ["read"], { until: new Date(expiresMs).toISOString() });
    writeFileSync(file("keys"), expiring);
    await until("its stream ends", () => kept.ended !== undefined);
    expect(kept.ended).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "BAD_KEY" });
    const last = observe({ key: second });
    await until("the other one expires", () => last.ended !== undefined, { withinMs: 8_000 });
    expect(last.ended).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "KEY_EXPIRED" });
    other.cancel();
  }, 40_000);

  test("speak TLS on both ports, and say which mistake a caller has made", async () => {
    const { certFile, keyFile } = authority.issue("server");
    await start({ tlsCert: certFile, tlsKey: keyFile }, everything);
    const path = "/wayward.query.v1.QueryService/Count";
    const { caFile } = authority;
    const port = address().split(":")[1];
    expect(await call(path, { caFile }, address("https://"))).toMatchObject({ message: "reached" });
    expect(await call(path, { caFile }, `https://127.0.0.1:${port}`)).toMatchObject({ message: "reached" });
    // A named CA asks for TLS.
    expect(await call(path, { caFile })).toMatchObject({ message: "reached" });
    expect(await call(path, {})).toMatchObject({ code: Code.UNAVAILABLE, reason: "NOT_PLAIN" });
    expect(await call(path, {}, address("https://"))).toMatchObject({ code: Code.UNAVAILABLE, reason: "UNTRUSTED" });
    const { caFile: stranger } = new Authority(folder.path, "stranger");
    expect(await call(path, { caFile: stranger })).toMatchObject({ reason: "UNTRUSTED" });
    expect(await probe(caFile, "/readyz")).toBe(200);
    expect(await probe(caFile, "/metrics")).toBe(200);
  });

  test.each([
    ["of another name", { names: "DNS:elsewhere" }, "WRONG_NAME"],
    ["that has expired", { days: -1 }, "CERTIFICATE_EXPIRED"],
  ])("say of a certificate %s what is wrong with it", async (_, options, reason) => {
    const { certFile, keyFile } = authority.issue("server", options);
    await start({ tlsCert: certFile, tlsKey: keyFile }, everything);
    const path = "/wayward.query.v1.QueryService/Count";
    expect(await call(path, { caFile: authority.caFile })).toMatchObject({ code: Code.UNAVAILABLE, reason });
  });

  test("say of a server in plain text that it speaks no TLS", async () => {
    await start({}, everything);
    const path = "/wayward.query.v1.QueryService/Count";
    expect(await call(path, { caFile: authority.caFile })).toMatchObject({ reason: "NO_TLS" });
    expect(await call(path, { caFile: authority.caFile }, address("http://"))).toMatchObject({ message: "reached" });
  });

  test("ask callers of gRPC for a certificate, and probes for none", async () => {
    const server = authority.issue("server");
    const clients = new Authority(folder.path, "clients");
    const own = clients.issue("agent");
    const { certFile, keyFile } = server;
    await start({ tlsCert: certFile, tlsKey: keyFile, tlsClientCa: clients.caFile }, everything);
    const path = "/wayward.query.v1.QueryService/Count";
    const { caFile } = authority;
    const showing = (pair: typeof own) => ({ caFile, certFile: pair.certFile, certKeyFile: pair.keyFile });
    expect(await call(path, showing(own))).toMatchObject({ message: "reached" });
    expect(await call(path, { caFile })).toMatchObject({ reason: "CERTIFICATE_NEEDED" });
    expect(await call(path, showing(server))).toMatchObject({ reason: "CERTIFICATE_REFUSED" });
    expect(await probe(caFile, "/livez")).toBe(200);
  });

  test("tell when the first certificate of callers expires, of those that are connected", async () => {
    const { certFile, keyFile } = authority.issue("server");
    const pairs = { short: authority.issue("short", { days: 3 }), long: authority.issue("long", { days: 30 }) };
    await start({ tlsCert: certFile, tlsKey: keyFile, tlsClientCa: authority.caFile }, [observing]);
    const observer = (name: keyof typeof pairs) => {
      const pair = pairs[name];
      return observe({ caFile: authority.caFile, certFile: pair.certFile, certKeyFile: pair.keyFile });
    };
    const validUntil = (name: keyof typeof pairs) =>
      new X509Certificate(readFileSync(pairs[name].certFile)).validToDate.getTime() / 1000;
    const toldIs = (seconds: number) =>
      until(`${seconds} is told`, async () => {
        return (await metrics.text()).includes(`\nwayward_caller_certificate_expires_seconds ${seconds}\n`);
      });
    await toldIs(0);
    const long = observer("long");
    await toldIs(validUntil("long"));
    const short = observer("short");
    await toldIs(validUntil("short"));
    short.cancel();
    await toldIs(validUntil("long"));
    long.cancel();
    await toldIs(0);
  });

  test("show a renewed certificate to who comes, and drop no stream that stands", async () => {
    // As a secret volume of Kubernetes: a link to a link to a folder, which is swapped.
    const version = (name: string, options = {}) => {
      mkdirSync(file(name));
      const { certFile, keyFile } = authority.issue(name, options);
      copyFileSync(certFile, join(file(name), "tls.crt"));
      copyFileSync(keyFile, join(file(name), "tls.key"));
    };
    version("v1");
    version("v2", { names: "DNS:localhost,IP:127.0.0.1,DNS:renewed" });
    symlinkSync("v1", file("..data"));
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), file(name));
    await start({ tlsCert: file("tls.crt"), tlsKey: file("tls.key") }, [observing]);
    const { caFile } = authority;
    const kept = observe({ caFile });
    await until("it observes", () => kept.messages > 0);
    expect(await namesShown(serving.address, caFile)).not.toContain("renewed");

    symlinkSync("v2", file("..next"));
    renameSync(file("..next"), file("..data"));
    await until("the new one is shown", async () => (await namesShown(serving.address, caFile)).includes("renewed"));
    await until("also by HTTP", async () => (await namesShown(serving.httpAddress, caFile)).includes("renewed"));
    const before = kept.messages;
    await until("the stream goes on", () => kept.messages > before + 5);
    expect(kept.ended).toBeUndefined();
    kept.cancel();

    // A pair that does not fit together is not taken.
    const { keyFile } = authority.issue("odd");
    renameSync(keyFile, file("tls.key"));
    await delay(1_500);
    expect(await namesShown(serving.address, caFile)).toContain("renewed");
  }, 30_000);

  function probe(caFile: string, path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get(`https://${serving.httpAddress}${path}`, { ca: readFileSync(caFile) }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on("error", reject);
    });
  }
});

test("every method of ours has a row of who may call it", () => {
  const services = [ingest.IngestServiceService, query.QueryServiceService, stream.StreamServiceService];
  const own = [health.HealthService, reflection.ServerReflectionService];
  const paths = [...services, ...own].flatMap((service) => Object.values(service).map(({ path }) => path));
  expect(paths.filter((path) => permissionOf(path) === undefined)).toEqual([]);
});

/** The names in the certificate that a listener shows. */
function namesShown(address: string, caFile: string): Promise<string> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: Number(port), ca: readFileSync(caFile) }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? "");
      socket.destroy();
    }).on("error", reject);
  });
}

function reasonIn(metadata: grpc.Metadata | undefined): string | undefined {
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  if (!Buffer.isBuffer(bytes)) return undefined;
  return rpc.Status.decode(bytes).details.map(({ value }) => rpc.ErrorInfo.decode(value).reason)[0];
}
