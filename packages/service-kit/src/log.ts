import { WaywardError } from "@wayward/base";

/** Writes what the operator should know. Facts are small and never hold payloads or secrets. */
export interface Log {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
  /** The same log with facts that stand in every line. */
  with(facts: Facts): Log;
}

export type Facts = Readonly<Record<string, unknown>>;

/** From the most talkative on. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** To stderr: one JSON object a line, or for people on a terminal a plain line. */
export function createLog(level: LogLevel = "info", facts: Facts = {}): Log {
  const least = LOG_LEVELS.indexOf(level);
  const say = (at: LogLevel, message: string, more: Facts = {}) => {
    if (LOG_LEVELS.indexOf(at) < least) return;
    const all = { ...facts, ...more };
    process.stderr.write(process.stderr.isTTY ? plainLine(at, message, all) : jsonLine(at, message, all));
  };
  return {
    debug: (message, more) => say("debug", message, more),
    info: (message, more) => say("info", message, more),
    warn: (message, more) => say("warn", message, more),
    error: (message, more) => say("error", message, more),
    with: (more) => createLog(level, { ...facts, ...more }),
  };
}

export function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/** What a log line says of an error. */
export function errorFacts(error: unknown): Facts {
  const { reason, message } = WaywardError.from(error);
  return { reason, error: message };
}

function jsonLine(level: LogLevel, message: string, facts: Facts): string {
  const line = { time: new Date().toISOString(), level, message, ...facts };
  return `${JSON.stringify(line, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`;
}

function plainLine(level: LogLevel, message: string, facts: Facts): string {
  const rest = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${level === "info" ? "" : `${level}: `}${message}${rest.join("")}\n`;
}
