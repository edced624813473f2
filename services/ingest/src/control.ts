import type { ingest } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { type Bus, CONTROL, type TopicValue } from "@wayward/bus";
import { CONTROL_BYTES_MAX } from "@wayward/record";
import type { Caller } from "@wayward/service-kit";

/** As agents and readers of findings know a topic: without the tenant that it has on the bus. */
const TOPIC = /^control\/[a-z0-9-]{1,64}$/;

/** A setting as a tenant's pushers hear of it. */
export function controlOf({ name, value, revision }: TopicValue): { tenant: string; control: ingest.Control } {
  const [prefix = "", tenant = "", ...rest] = name.split("/");
  return { tenant, control: { topic: [prefix, ...rest].join("/"), revision, value: asBuffer(value) } };
}

/** Sets what the caller's running agents, or readers of findings, are told. Errors BAD_CONTROL, NOT_ALLOWED, CHANGED. */
export async function setControl(
  bus: Bus,
  { topic, value, expectedRevision, ifUnset }: ingest.SetControlRequest,
  { tenant, scopes }: Caller,
): Promise<ingest.SetControlResponse> {
  if (!scopes.has("admin")) {
    throw new WaywardError("PERMISSION_DENIED", "NOT_ALLOWED", "control: setting it needs the scope admin");
  }
  if (!TOPIC.test(topic)) throw bad(`topic is "${topic.slice(0, 100)}", not control/<name>`);
  if (value.length > CONTROL_BYTES_MAX) throw bad(`value has ${value.length} bytes, at most ${CONTROL_BYTES_MAX}`);
  const name = topic.slice(CONTROL.length + 1);
  const expected = expectedRevision === 0n && !ifUnset ? undefined : expectedRevision;
  const revision = await bus.topics.set(`${CONTROL}/${tenant}/${name}`, value, expected);
  if (revision !== "changed") return { revision };
  const before = expected === 0n ? "unset" : `at revision ${expectedRevision}`;
  const message = `control: ${topic} is no longer ${before}`;
  throw new WaywardError("ABORTED", "CHANGED", message, { facts: { subject: topic, got: expectedRevision } });
}

function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_CONTROL", `control: ${message}`);
}
