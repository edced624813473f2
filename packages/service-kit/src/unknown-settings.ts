import type { Setting, Table } from "./config.ts";
import { createLog, type Facts, isLogLevel, type LogLevel } from "./log.ts";

/** What some program of this project reads from the environment: one environment may serve several of them. */
const ELSEWHERE = [
  "WAYWARD_ANALYSIS_SPOOL",
  "WAYWARD_CA",
  "WAYWARD_CAPTURE",
  "WAYWARD_CERT",
  "WAYWARD_CERT_KEY",
  "WAYWARD_DATA",
  "WAYWARD_DEBUG",
  "WAYWARD_HELM",
  "WAYWARD_INGEST",
  "WAYWARD_KEEP",
  "WAYWARD_KEY",
  "WAYWARD_KEYS",
  "WAYWARD_KEY_FILE",
  "WAYWARD_KUBERNETES_LAB",
  "WAYWARD_KUBERNETES_VALIDATE",
  "WAYWARD_LABELS",
  "WAYWARD_LEVELS",
  "WAYWARD_LOCKS",
  "WAYWARD_NAME",
  "WAYWARD_NATS_SERVER",
  "WAYWARD_NODE",
  "WAYWARD_PARENT",
  "WAYWARD_PROMETHEUS",
  "WAYWARD_PROMTOOL",
  "WAYWARD_PUSHER",
  "WAYWARD_PUSH_AGE",
  "WAYWARD_QUERY",
  "WAYWARD_REQUIRE_REAL",
  "WAYWARD_RUN",
  "WAYWARD_SERVER",
  "WAYWARD_SITES",
  "WAYWARD_SPOOL",
  "WAYWARD_STORE",
  "WAYWARD_STREAM",
  "WAYWARD_TLS_CERT",
  "WAYWARD_TLS_CLIENT_CA",
  "WAYWARD_TLS_KEY",
  "WAYWARD_VERSITYGW",
];

/** A sentence for each variable that nothing reads: a misspelt setting is one that does not hold. */
export function unknownSettings(table: Table, env: NodeJS.ProcessEnv = process.env): string[] {
  const known = [...new Set([...Object.values(table).map((setting) => setting.env), ...ELSEWHERE])];
  return Object.keys(env)
    .filter((name) => name.startsWith("WAYWARD_") && !known.includes(name))
    .map((name) => `${name} is not known, the nearest is ${nearest(name, known)}`);
}

/**
 * Warns of each, before the settings are read: what is wrong with those and
 * these is told at one start. So the level that is asked for may be no level.
 */
export function warnOfUnknown(table: Table & { readonly logLevel: Setting<LogLevel> }, facts: Facts = {}): void {
  const { env, fallback = "" } = table.logLevel;
  const asked = process.env[env] ?? fallback;
  const log = createLog(isLogLevel(asked) ? asked : "warn", facts);
  for (const warning of unknownSettings(table)) log.warn(warning);
}

function nearest(name: string, known: readonly string[]): string {
  return known.reduce((best, one) => (distance(name, one) < distance(name, best) ? one : best));
}

/** Letters to add, remove or change (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1];
    for (let index = 0; index < to.length; index++) {
      const changed = row[index]! + (letter === to[index] ? 0 : 1);
      next.push(Math.min(changed, row[index + 1]! + 1, next[index]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
