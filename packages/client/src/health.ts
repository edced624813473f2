import { credentials, Metadata } from "@grpc/grpc-js";
import { health } from "@wayward/api";
import { failureOf } from "./failure.ts";

const SERVING = 1;

/** Whether the process at `host:port` says that it can do its work (grpc.health.v1). Errors NO_SERVER and the server's own. */
export function isServing(address: string, withinMs: number): Promise<boolean> {
  const client = new health.HealthClient(address, credentials.createInsecure());
  return new Promise<boolean>((resolve, reject) => {
    client.check({ service: "" }, new Metadata(), { deadline: Date.now() + withinMs }, (error, answer) => {
      client.close();
      if (error === null) resolve(answer.status === SERVING);
      else reject(failureOf(error, address));
    });
  });
}
