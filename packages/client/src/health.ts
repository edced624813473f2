import * as grpc from "@grpc/grpc-js";
import { accessFrom, reach } from "@wayward/access";
import { health } from "@wayward/api";
import { failureOf } from "./failure.ts";

const SERVING = 1;

/** Whether the process at `host:port` or `https://host:port` says that it can do its work (grpc.health.v1). Errors NO_SERVER and the server's own. */
export async function isServing(address: string, withinMs: number): Promise<boolean> {
  const { target, credentials, options } = reach(grpc, address, accessFrom());
  const client = new health.HealthClient(target, credentials, options);
  return new Promise<boolean>((resolve, reject) => {
    client.check({ service: "" }, new grpc.Metadata(), { deadline: Date.now() + withinMs }, (error, answer) => {
      client.close();
      if (error === null) resolve(answer.status === SERVING);
      else reject(failureOf(error, address));
    });
  });
}
