import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { health, query, reflection } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { unary } from "./grpc/handlers.ts";
import type { GrpcService } from "./grpc/server.ts";
import { createLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { type Serving, serve } from "./serve.ts";

const log = createLog("error");

/** One method of the query service that refuses everything it is asked. */
const refusing: GrpcService = {
  definition: { getSession: query.QueryServiceService.getSession },
  implementation: {
    getSession: unary(log, async () => {
      throw new WaywardError("NOT_FOUND", "NO_SESSION", "session x is not there");
    }),
  },
};

const start = (port = 0) =>
  serve({
    host: "127.0.0.1",
    port,
    httpPort: 0,
    parts: [{ name: "refusing", services: [refusing], stop: async () => {} }],
    log,
    metrics: createMetrics(),
  });

describe("a served process", () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await start();
  });
  afterAll(() => serving.stop());

  const check = () => {
    const client = new health.HealthClient(serving.address, credentials.createInsecure());
    return new Promise<number>((resolve, reject) => {
      client.check({ service: "wayward.query.v1.QueryService" }, (error, answer) => {
        client.close();
        if (error === null) resolve(answer.status);
        else reject(error);
      });
    });
  };

  test("tells its health by gRPC and HTTP", async () => {
    expect(await check()).toBe(1);
    const ready = await fetch(`http://${serving.httpAddress}/readyz`);
    expect(ready.status).toBe(200);
    expect((await fetch(`http://${serving.httpAddress}/nowhere`)).status).toBe(404);
  });

  test("tells the reason of a refusal in the status details", async () => {
    const client = new query.QueryServiceClient(serving.address, credentials.createInsecure());
    const error = await new Promise<unknown>((resolve) => client.getSession({ session: Buffer.alloc(16) }, resolve));
    client.close();
    expect(error).toMatchObject({ code: 5, details: "session x is not there" });
    const [details] = (error as { metadata: { get(name: string): Buffer[] } }).metadata.get("grpc-status-details-bin");
    expect(details!.toString("latin1")).toContain("NO_SESSION");
  });

  test("describes its services by reflection, with every file they need", async () => {
    const client = new Client(serving.address, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = reflection.ServerReflectionService.serverReflectionInfo;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const answers: reflection.ServerReflectionResponse[] = [];
    call.on("data", (answer) => answers.push(answer));
    call.write({ host: "", messageRequest: { $case: "listServices", value: "" } });
    call.write({ host: "", messageRequest: { $case: "fileContainingSymbol", value: "wayward.query.v1.QueryService" } });
    call.end();
    await new Promise((resolve) => call.on("status", resolve));
    client.close();
    const [listed, described] = answers.map(({ messageResponse }) => messageResponse);
    expect(listed).toMatchObject({ $case: "listServicesResponse" });
    expect(described?.$case).toBe("fileDescriptorResponse");
    const files = described?.$case === "fileDescriptorResponse" ? described.value.fileDescriptorProto : [];
    expect(files.length).toBeGreaterThanOrEqual(3);
  });

  test("is understood by a client that knows it by reflection only", async () => {
    const run = promisify(execFile);
    const url = `http://${serving.address}`;
    const how = ["curl", "--http2-prior-knowledge", "--protocol", "grpc"];
    const buf = new URL("../../../node_modules/.bin/buf", import.meta.url).pathname;
    const { stdout: methods } = await run(buf, [...how, url, "--list-methods"]);
    expect(methods.split("\n")).toContain("wayward.query.v1.QueryService/GetSession");
    const { stdout } = await run(buf, [...how, `${url}/grpc.health.v1.Health/Check`, "-d", "{}"]);
    expect(JSON.parse(stdout)).toEqual({ status: "SERVING" });
  });

  test("tells who watches its health that it stops, and does not wait for them", async () => {
    const other = await start();
    const client = new health.HealthClient(other.address, credentials.createInsecure());
    const call = client.watch({ service: "" });
    const told: number[] = [];
    call.on("data", ({ status }: health.HealthCheckResponse) => told.push(status));
    const ended = new Promise((resolve) => call.on("status", resolve));
    await new Promise((resolve) => call.once("data", resolve));
    const from = performance.now();
    await other.stop();
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(await ended).toMatchObject({ code: 0 });
    expect(told).toEqual([1, 2]);
    client.close();
  });

  test("closes on garbage, and others do not notice", async () => {
    const [host, port] = serving.address.split(":");
    const socket = connect(Number(port), host);
    socket.resume().write(Buffer.alloc(70_000, "garbage "));
    await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
    expect(await check()).toBe(1);
  });

  test("names the address that is taken", async () => {
    const port = Number(serving.address.split(":")[1]);
    await expect(start(port)).rejects.toMatchObject({
      reason: "PORT_IN_USE",
      message: `gRPC address 127.0.0.1:${port} is used by another process: is \`wayward up\` already running? --port or WAYWARD_PORT chooses another port`,
    });
  });
});
