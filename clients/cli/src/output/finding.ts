import { formatWall } from "@wayward/base";
import type { ClientFinding } from "@wayward/client";

/** A finding for a person: what, where seen, and why it is not sure where it is not. */
export function findingText(finding: ClientFinding): string {
  const { severity, rule, title, message, count, first, last, sessions, fingerprint, unproven } = finding;
  const seen =
    count === 1 ? `once, at ${formatWall(first)}` : `${count} times, ${formatWall(first)} to ${formatWall(last)}`;
  return [
    `${severity} ${rule}: ${title}`,
    `  ${message}`,
    `  seen        ${seen}`,
    `  sessions    ${sessions.join(", ")}`,
    `  fingerprint ${fingerprint}`,
    ...(unproven === "" ? [] : [`  unproven    ${unproven}`]),
    "",
  ].join("\n");
}

/** A finding for programs; docs/json.md. */
export function findingJson({ evidence, ...facts }: ClientFinding): object {
  const ids = evidence.map(({ session, lane, eventNo }) => ({ session, lane, event_no: eventNo }));
  return { ...facts, evidence: ids };
}
