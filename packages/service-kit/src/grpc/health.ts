import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { health } from "@wayward/api";
import { delay, WaywardError } from "@wayward/base";
import type { Log } from "../log.ts";
import { serverStream, unary } from "./handlers.ts";

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
/** How often a Watch looks. */
const WATCH_MS = 500;

/** grpc.health.v1 for these services; the empty name stands for the process. A Watch ends when the process does. */
export function healthService(names: readonly string[], isReady: () => boolean, log: Log, stopping: AbortSignal) {
  const known = new Set(["", ...names]);
  const status = (service: string) => (!known.has(service) ? SERVICE_UNKNOWN : isReady() ? SERVING : NOT_SERVING);
  const implementation: UntypedServiceImplementation = {
    check: unary<health.HealthCheckRequest, health.HealthCheckResponse>(log, async ({ service }) => {
      if (known.has(service)) return { status: status(service) };
      throw new WaywardError("NOT_FOUND", "NO_SERVICE", `service "${service.slice(0, 100)}" is not here`);
    }),
    watch: serverStream<health.HealthCheckRequest, health.HealthCheckResponse>(
      log,
      async function* ({ service }, { signal }) {
        const ended = AbortSignal.any([signal, stopping]);
        let told = -1;
        for (;;) {
          const now = status(service);
          if (now !== told) yield { status: now };
          told = now;
          if (ended.aborted) return;
          await delay(WATCH_MS, ended);
        }
      },
    ),
  };
  return { definition: health.HealthService, implementation };
}
