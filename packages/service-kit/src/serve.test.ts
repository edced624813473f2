import { connect } from "node:net";
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
    parts: [{ services: [refusing], stop: async () => {} }],
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
      message: `gRPC address 127.0.0.1:${port} is used by another process`,
    });
  });
});
