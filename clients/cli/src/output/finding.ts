import { formatWall } from "@wayward/base";
import type { ClientFinding } from "@wayward/client";
import { cycleOf } from "./cycle.ts";
import { cycleText } from "./cycle-text.ts";

/** A finding for a person: what, where seen, why it is not sure where it is not, and the cycle of an inversion. */
export function findingText(finding: ClientFinding, verdict = ""): string {
  const { severity, rule, title, message, count, first, last, sessions, locks, fingerprint, unproven } = finding;
  const seen =
    count === 1 ? `once, at ${formatWall(first)}` : `${count} times, ${formatWall(first)} to ${formatWall(last)}`;
  const facts: [string, string][] = [
    ["verdict", verdict],
    ["locks", locks.join(", ")],
    ["seen", seen],
    ["sessions", sessions.join(", ")],
    ["fingerprint", fingerprint],
    ["unproven", unproven],
  ];
  return [
    `${severity} ${rule}: ${title}`,
    `  ${message}`,
    ...facts.filter(([, value]) => value !== "").map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    ...cycleText(cycleOf(finding)),
    "",
  ].join("\n");
}

/** A finding for programs; docs/json.md. */
export function findingJson({ evidence, detail, ...facts }: ClientFinding): object {
  return { ...facts, evidence: snakeCase(evidence), detail: snakeCase(detail) };
}

/** Renames the fields of plain data; values stay as they are. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(inner),
    ]),
  );
}
