import { accessSync, constants, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hideLogin, makeFolder, type Result, WaywardError } from "@wayward/base";

/** One line of a service's configuration table. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly env: string;
  /** What it is for, with unit and limit. */
  readonly meaning: string;
  /** What holds where it is not set; without one it must be set. */
  readonly fallback?: string;
  /** The value, or what is wrong with it, also beside others of the environment. */
  readonly parse: (text: string, env: NodeJS.ProcessEnv) => Parsed<T>;
  readonly secret?: boolean;
  readonly shape: Shape;
}

/** What a value looks like, for who checks it before the program does, such as the Helm chart's schema. */
export type Shape =
  | { readonly type: "text" | "flag" | "size" }
  | { readonly type: "count"; readonly least: number; readonly most: number }
  | { readonly type: "word"; readonly words: readonly string[] };

/** A configuration: its settings by the names that the program uses. */
export type Table = Readonly<Record<string, Setting<unknown>>>;
export type Config<T extends Table> = { readonly [Name in keyof T]: T[Name] extends Setting<infer V> ? V : never };

/**
 * Reads all settings from the environment. Throws INVALID_ARGUMENT /
 * BAD_CONFIG with a line for each that is wrong: all at once, so that nobody
 * repairs them one by one.
 */
export function loadConfig<T extends Table>(table: T, env: NodeJS.ProcessEnv = process.env): Config<T> {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, setting] of Object.entries(table)) {
    const text = env[setting.env] ?? setting.fallback;
    if (text === undefined) {
      wrong.push(`${setting.env} is not set: ${setting.meaning}`);
      continue;
    }
    const parsed = setting.parse(text, env);
    if ("value" in parsed) values[name] = parsed.value;
    else wrong.push(`${setting.env} is ${setting.secret ? "(hidden)" : shown(text)}: ${parsed.wrong}`);
  }
  if (wrong.length > 0) {
    const message = `${wrong.length} of ${Object.keys(table).length} settings cannot be used:\n  ${wrong.join("\n  ")}`;
    throw new WaywardError("INVALID_ARGUMENT", "BAD_CONFIG", message);
  }
  return values as Config<T>;
}

/** A URL that is refused may be so for the login in it. */
function shown(text: string): string {
  return JSON.stringify(hideLogin(text).slice(0, 200));
}

/** The table as text, for `--help` and the docs. */
export function describeConfig(table: Table): string {
  return Object.values(table)
    .map(
      ({ env, meaning, fallback }) =>
        `  ${env.padEnd(26)} ${meaning}${fallback === undefined ? "" : ` (${fallback || "empty"})`}\n`,
    )
    .join("");
}

/** The table as JSON, one setting a line, for what is made from it. */
export function describeConfigAsJson(table: Table): string {
  return Object.values(table)
    .map(({ env, meaning, fallback, shape }) => `${JSON.stringify({ env, meaning, fallback, shape })}\n`)
    .join("");
}

/** What is parsed, or what is wrong with it. */
type Parsed<T> = { readonly value: T } | { readonly wrong: string };
const TEXT: Shape = { type: "text" };
type Extra = { readonly fallback?: string; readonly secret?: boolean };

/** Short forms for the usual settings. */
export const setting = {
  text: (env: string, meaning: string, extra: Extra = {}): Setting<string> => ({
    env,
    meaning,
    shape: TEXT,
    parse: (text) => ({ value: text }),
    ...extra,
  }),
  /** A text that may be left out. */
  optional: (env: string, meaning: string, extra: Extra = {}): Setting<string | undefined> => ({
    env,
    meaning,
    fallback: "",
    shape: TEXT,
    parse: (text) => ({ value: text === "" ? undefined : text }),
    ...extra,
  }),
  /** A file that can be read, or none. */
  file: (env: string, meaning: string): Setting<string | undefined> => ({
    env,
    meaning,
    fallback: "",
    shape: TEXT,
    parse: (text) => (text === "" ? { value: undefined } : readable(text)),
  }),
  /** A folder that can be written. It is made: only so can be told whether it can be. */
  folder: (env: string, meaning: string, extra: Extra = {}): Setting<string> => ({
    env,
    meaning,
    shape: TEXT,
    parse: (text) => (text === "" ? { wrong: "no folder" } : writable(resolve(text))),
    ...extra,
  }),
  /** A file whose bytes `check` has nothing against, or none. */
  checkedFile: (
    env: string,
    meaning: string,
    check: (bytes: Buffer, env: NodeJS.ProcessEnv) => string | undefined,
  ): Setting<string | undefined> => ({
    ...setting.file(env, meaning),
    parse: (text, all) => (text === "" ? { value: undefined } : checked(text, (bytes) => check(bytes, all))),
  }),
  /** A text that the parser of whoever uses it takes. */
  parsed: (
    env: string,
    meaning: string,
    parse: (text: string) => Result<unknown>,
    extra: Extra = {},
  ): Setting<string> => ({
    env,
    meaning,
    shape: TEXT,
    parse: (text) => {
      const { error } = parse(text);
      return error === undefined ? { value: text } : { wrong: error.message };
    },
    ...extra,
  }),
  port: (env: string, meaning: string, extra: Extra = {}): Setting<number> => ({
    env,
    meaning,
    shape: { type: "count", least: 0, most: 65_535 },
    parse: (text) => whole(text, 0, 65_535, "a port"),
    ...extra,
  }),
  count: (env: string, meaning: string, least: number, most: number, extra: Extra = {}): Setting<number> => ({
    env,
    meaning,
    shape: { type: "count", least, most },
    parse: (text) => whole(text, least, most, "a whole number"),
    ...extra,
  }),
  /** Bytes, as `64MiB` or `1000000`. */
  size: (env: string, meaning: string, extra: Extra & { readonly least?: string } = {}): Setting<number> => ({
    env,
    meaning,
    shape: { type: "size" },
    parse: (text) => sizeFrom(text, extra.least ?? "0"),
    ...extra,
  }),
  flag: (env: string, meaning: string): Setting<boolean> => ({
    env,
    meaning,
    fallback: "false",
    shape: { type: "flag" },
    parse: (text) => {
      if (text === "true" || text === "1") return { value: true };
      return text === "false" || text === "0" || text === "" ? { value: false } : { wrong: "not true or false" };
    },
  }),
};

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** Bytes from `10GiB`, `500MB` or a plain number. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? "?"];
  if (match === null || unit === undefined) return { wrong: "not a size such as 64MiB or 10GiB" };
  return { value: Math.round(Number(match[1]) * unit) };
}

function sizeFrom(text: string, least: string): Parsed<number> {
  const parsed = parseSize(text);
  const limit = parseSize(least);
  if ("value" in parsed && "value" in limit && parsed.value < limit.value) return { wrong: `less than ${least}` };
  return parsed;
}

function readable(path: string): Parsed<string> {
  try {
    accessSync(path, constants.R_OK);
    return { value: path };
  } catch (error) {
    return { wrong: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}` };
  }
}

/** Where the disk is full a folder may be right: whoever writes there says so. */
const FULL = new Set(["ENOSPC", "EDQUOT"]);

function writable(path: string): Parsed<string> {
  let done = "made";
  try {
    makeFolder(path);
    done = "written";
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!FULL.has(code)) return { wrong: `cannot be ${done}: ${message}` };
  }
  return { value: path };
}

function checked(path: string, check: (bytes: Buffer) => string | undefined): Parsed<string> {
  try {
    const wrong = check(readFileSync(path));
    return wrong === undefined ? { value: path } : { wrong };
  } catch (error) {
    return { wrong: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}` };
  }
}

function whole(text: string, least: number, most: number, what: string) {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return { value };
  return { wrong: `not ${what} from ${least} to ${most}` };
}
