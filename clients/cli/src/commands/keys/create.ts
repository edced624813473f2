import { idOf, keyLine, makeKey } from "@wayward/access";
import { isScope, SCOPES, type Scope } from "@wayward/service-kit";
import { parseExpiry } from "../../expiry.ts";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";
import { addLine, bad } from "./key-file.ts";

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
  const scopes = [...new Set(scope.map(scopeFrom))];
  const until = expires === undefined ? undefined : parseExpiry(expires, Date.now());
  if (expires !== undefined && until === undefined) throw bad(`--expires is "${expires}", no time and no age as 30d`);
  if (name !== undefined && !/^[^\s#]{1,64}$/.test(name)) throw bad("--name is not 1 to 64 letters without spaces");
  const key = makeKey();
  const more = { ...(until === undefined ? {} : { until }), ...(name === undefined ? {} : { name }) };
  addLine(file, keyLine(key, scopes, more));
  if (json) await write(jsonLine({ key, id: idOf(key), scopes, ...more }));
  else await write(`${key}\n`);
}

function scopeFrom(text: string): Scope {
  if (isScope(text)) return text;
  throw bad(`--scope is "${text}", not ${SCOPES.join(", ")}`);
}
