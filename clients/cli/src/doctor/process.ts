import { WaywardError } from "@wayward/base";
import { ask } from "./ask.ts";
import type { Finding } from "./finding.ts";
import { byLabel, valuesOf } from "./metrics.ts";

/** What a process of ours answers on its HTTP port. */
export interface ProcessLook {
  /** `host:port` of HTTP. */
  readonly address: string;
  /** Which services it is, from its start on; none where it does not tell its metrics. */
  readonly services: readonly string[];
  readonly metrics: string;
  /** Why it cannot be used; undefined where all is well. */
  readonly wrong?: string;
  readonly fix?: string;
  readonly clock?: ClockReading;
}

/** How far another clock is ahead of this machine's, in milliseconds, give or take. */
export interface ClockReading {
  readonly of: string;
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

/** Asks a process whether it lives and is ready, what it counts, and what time it is there. */
export async function lookAtProcess(address: string): Promise<ProcessLook> {
  const nothing = { address, services: [], metrics: "" };
  try {
    const live = await get(address, "/livez");
    const told = await get(address, "/metrics");
    if (told.status === 401) {
      const fix = "set WAYWARD_KEY or WAYWARD_KEY_FILE to a key; any will do";
      return { ...nothing, wrong: `tells its metrics to nobody without a key: ${told.text.trim()}`, fix };
    }
    const { text: metrics, clock } = told;
    const served = [...byLabel(metrics, "wayward_serves", "service")].filter(([, is]) => is === 1);
    const look = { address, services: served.map(([name]) => name), metrics, clock };
    const fix = "look into its log: it names the bus or the store that it waits for";
    if (live.status !== 200) return { ...nothing, wrong: `/livez answers ${live.status}`, fix };
    const { status } = await get(address, "/readyz");
    if (status === 200) return look;
    const connected = valuesOf(metrics, "wayward_bus_connected")[0];
    const why =
      connected === 0 ? "it has no bus" : connected === undefined ? "it still starts" : "its bus is not usable";
    return { ...look, wrong: `runs, but is not ready (/readyz ${status}): ${why}`, fix };
  } catch (error) {
    const about = WaywardError.from(error);
    if (about.reason !== "UNEXPECTED") return { ...nothing, wrong: about.message, fix: "docs/operate/access.md" };
    const fix = "start it, or correct the address; 4611 is the HTTP port unless WAYWARD_HTTP_PORT says otherwise";
    return { ...nothing, wrong: `no answer: ${reasonOf(error)}`, fix };
  }
}

/** A line for each process. */
export function processFinding({ address, services, wrong, fix }: ProcessLook): Finding {
  const what = services.length === 0 ? address : `${services.join(", ")} at ${address}`;
  if (wrong === undefined) return { hop: "process", ok: true, what: `${what} is ready` };
  return { hop: "process", ok: false, what: `${what}: ${wrong}`, ...(fix === undefined ? {} : { fix }) };
}

async function get(address: string, path: string) {
  const begun = Date.now();
  const { status, text, date } = await ask(address, path);
  const ended = Date.now();
  // A date has whole seconds: the clock was anywhere within the next one.
  const told = Date.parse(date) + 500;
  const clock = { of: address, aheadMs: told - (begun + ended) / 2, uncertaintyMs: 500 + (ended - begun) / 2 };
  return { status, text, clock };
}

/** What stopped a call: the system's word for it, which may hide in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause = error } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
