import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseAddress } from "@wayward/access";
import { fail, ok, type Result } from "@wayward/base";
import { parseSessionText } from "@wayward/record";
import { runId } from "./description.ts";
import { type LevelRule, parseLevels } from "./levels.ts";
import { type LockRule, parseLocks } from "./lock-rules.ts";

/** How an agent is started; what is left out comes from the environment. */
export interface AgentOptions {
  /** Folder of the spool. WAYWARD_SPOOL; default `$XDG_STATE_HOME/wayward/spool`. */
  readonly spool?: string;
  /** `host:port` of the ingest service, `https://host:port` for TLS. WAYWARD_INGEST, else WAYWARD_SERVER; without one the agent only writes its spool. */
  readonly server?: string;
  /** WAYWARD_NAME. Default: `node`. Cut to 256 bytes. */
  readonly name?: string;
  /** WAYWARD_LABELS, as `key=value,key=value`. At most 64; keys are cut to 64 bytes, values to 256. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Levels to begin with, as `db=warn,http=off`. WAYWARD_LEVELS. */
  readonly levels?: string;
  /** What of locks is recorded to begin with, by class, as `db*=contention,cache=off`. WAYWARD_LOCKS. */
  readonly locks?: string;
  /** Record where zones, messages and locks are in the code: function, file, line. WAYWARD_SITES=1. Default: false. */
  readonly sites?: boolean;
  /** Longest wait in memory, in milliseconds. Default 50. */
  readonly flushMs?: number;
  /** Longest wait for the server when the process ends, in milliseconds. Default 1,000; not waited for while it cannot be reached. */
  readonly exitMs?: number;
  /** Bytes of the session's blocks that the spool holds at most. Default 256 MiB. */
  readonly quotaBytes?: number;
  /** Room for one interval, in 32-bit words. Default 1 Mi. */
  readonly words?: number;
}

/** Options, environment and defaults together; all checked. */
export interface Settings {
  readonly spool: string;
  /** Where this process's own pusher sends; undefined if it has none. */
  readonly server: string | undefined;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly levels: readonly LevelRule[];
  readonly locks: readonly LockRule[];
  readonly sites: boolean;
  readonly flushMs: number;
  readonly exitMs: number;
  readonly quotaBytes: number;
  readonly words: number;
  readonly run: Buffer;
  /** Session of the parent process; 16 bytes or empty. */
  readonly parent: Buffer;
}

/**
 * Says in the environment who pushes this spool: `run` for a parent that does
 * so for all below it, else the number of the process that does so for its
 * own threads.
 */
export const PUSHER = "WAYWARD_PUSHER";

const MIB = 1024 * 1024;

/** Error INVALID_ARGUMENT / BAD_OPTION, naming the option, its value and its limits. */
export function readSettings(options: AgentOptions, env: NodeJS.ProcessEnv): Result<Settings> {
  const server = options.server ?? env.WAYWARD_INGEST ?? env.WAYWARD_SERVER;
  const flushMs = options.flushMs ?? 50;
  const exitMs = options.exitMs ?? 1_000;
  const quotaBytes = options.quotaBytes ?? 256 * MIB;
  const words = options.words ?? MIB;
  const spool = options.spool ?? env.WAYWARD_SPOOL ?? defaultSpool(env);
  const name = options.name ?? env.WAYWARD_NAME ?? "node";
  const labels = options.labels ?? parseLabels(env.WAYWARD_LABELS ?? "");
  const levels = parseLevels(options.levels ?? env.WAYWARD_LEVELS ?? "");
  const locks = parseLocks(options.locks ?? env.WAYWARD_LOCKS ?? "");
  const problem =
    textProblem("spool", spool) ??
    textProblem("name", name) ??
    serverProblem(server) ??
    (options.labels === undefined ? labelsTextProblem(env.WAYWARD_LABELS ?? "") : labelsProblem(labels)) ??
    numberProblem("flushMs", flushMs, 1, 60_000) ??
    numberProblem("exitMs", exitMs, 0, 60_000) ??
    numberProblem("quotaBytes", quotaBytes, MIB, Number.MAX_SAFE_INTEGER) ??
    numberProblem("words", words, 1_024, 64 * MIB) ??
    levels.error?.message ??
    locks.error?.message;
  if (problem !== undefined) return fail("INVALID_ARGUMENT", "BAD_OPTION", problem);
  const parent = parseSessionText(env.WAYWARD_PARENT ?? "");
  return ok({
    spool: resolve(spool),
    server: isPushed(env, spool) ? undefined : server,
    name,
    labels,
    levels: levels.error === undefined ? levels.value : [],
    locks: locks.error === undefined ? locks.value : [],
    sites: options.sites ?? env.WAYWARD_SITES === "1",
    flushMs,
    exitMs,
    quotaBytes,
    words,
    run: runId(env.WAYWARD_RUN),
    parent: parent.error === undefined ? Buffer.from(parent.value) : Buffer.alloc(0),
  });
}

function isPushed(env: NodeJS.ProcessEnv, spool: string): boolean {
  // A program may have a spool of its own, which its parent does not know.
  if (env[PUSHER] === "run") return env.WAYWARD_SPOOL === undefined || resolve(env.WAYWARD_SPOOL) === resolve(spool);
  return env[PUSHER] === String(process.pid);
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function defaultSpool(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "wayward", "spool");
}

/** Programs without types may give anything. */
function textProblem(what: string, value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return undefined;
  return `${what} is ${shown(value)}, not a text`;
}

function numberProblem(what: string, value: unknown, least: number, most: number): string | undefined {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return undefined;
  return `${what} is ${shown(value)}, not a whole number from ${least} to ${most}`;
}

function serverProblem(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (parseAddress(String(value)).error === undefined) return undefined;
  return `server is ${shown(value)}, not host:port, or https://host:port for TLS`;
}

/** A comma ends a label: what follows one in a value would get lost. */
function labelsTextProblem(text: string): string | undefined {
  const wrong = text.split(",").find((pair) => pair !== "" && pair.indexOf("=") <= 0);
  if (wrong === undefined) return undefined;
  return `WAYWARD_LABELS has ${shown(wrong)}, not key=value; values there have no comma`;
}

function labelsProblem(labels: unknown): string | undefined {
  if (typeof labels !== "object" || labels === null) return `labels is ${shown(labels)}, not an object of texts`;
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== "string") return `label ${shown(key)} is ${shown(value)}, not a text`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 80)}"` : String(value).slice(0, 80);
}
