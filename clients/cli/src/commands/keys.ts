import { appendFileSync, readFileSync } from "node:fs";
import { idOf, keyLine, makeKey } from "@wayward/access";
import { WaywardError } from "@wayward/base";
import { isScope, parseKeys, SCOPES, type Scope } from "@wayward/service-kit";
import { parseExpiry } from "../expiry.ts";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";

export interface KeysCreateCommand {
  /** The services' file of keys, WAYWARD_KEYS. */
  readonly file?: string;
  readonly scope: string[];
  readonly expires?: string;
  readonly name?: string;
  readonly json?: boolean;
}

/** `wayward keys create`: prints a new key, once, and adds what the services need to know of it to their file. */
export async function keysCreate({ file, scope, expires, name, json }: KeysCreateCommand): Promise<void> {
  if (file === undefined) throw bad("--file is missing: the services' file of keys, which is made if it is not there");
  const scopes = [...new Set(scope.map(scopeFrom))];
  const until = expires === undefined ? undefined : parseExpiry(expires, Date.now());
  if (expires !== undefined && until === undefined) throw bad(`--expires is "${expires}", no time and no age as 30d`);
  if (name !== undefined && !/^[^\s#]{1,64}$/.test(name)) throw bad("--name is not 1 to 64 letters without spaces");
  const key = makeKey();
  const more = { ...(until === undefined ? {} : { until }), ...(name === undefined ? {} : { name }) };
  add(file, keyLine(key, scopes, more));
  if (json) await write(jsonLine({ key, id: idOf(key), scopes, ...more }));
  else await write(`${key}\n`);
}

/** Appends, so that whoever reads meanwhile sees the other keys. Throws BAD_OPTION where the file is none of keys. */
function add(file: string, line: string): void {
  try {
    const before = textOf(file);
    const problem = before.trim() === "" ? undefined : parseKeys(before).error?.message;
    if (problem !== undefined) throw bad(`--file ${file}: ${problem}`);
    appendFileSync(file, before === "" || before.endsWith("\n") ? line : `\n${line}`, { mode: 0o600 });
  } catch (error) {
    if (error instanceof WaywardError) throw error;
    throw bad(`--file ${file}: cannot be written: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function scopeFrom(text: string): Scope {
  if (isScope(text)) return text;
  throw bad(`--scope is "${text}", not ${SCOPES.join(", ")}`);
}

function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", message);
}
