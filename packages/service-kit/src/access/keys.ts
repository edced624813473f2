import { timingSafeEqual } from "node:crypto";
import { hashOf, idOf } from "@wayward/access";
import { fail, ok, type Result } from "@wayward/base";
import { isScope, SCOPES, type Scope } from "./permissions.ts";

/** A key as its file tells it: never the key itself. */
export interface Key {
  /** 8 characters that may be shown. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** SHA-256 of the whole key. */
  readonly hash: Buffer;
  /** Milliseconds since 1970 from which on it is refused. */
  readonly untilMs: number;
  /** Whose it is, if that was written down. */
  readonly name?: string | undefined;
}

const LINE = /^(?<id>\S+)\s+(?<scopes>\S+)\s+sha256:(?<hash>\S+)(?<rest>(?:\s+\S+)*)$/;
const NEVER = Number.POSITIVE_INFINITY;
const DAY_MS = 86_400_000;
/** What an unknown key is compared with, so that it takes as long as a known one. */
const NO_HASH = Buffer.alloc(32);

/** The keys of a file, one a line: `<id> <scope,…> sha256:<hex> [until=<ISO 8601>] [name=<text>]`; `#` begins a comment. A day counts to its end, in UTC. */
export class Keys {
  readonly #byId: ReadonlyMap<string, Key>;

  constructor(keys: readonly Key[]) {
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  get size(): number {
    return this.#byId.size;
  }

  /** In the order of the file. */
  all(): readonly Key[] {
    return [...this.#byId.values()];
  }

  /** The key that this text is; its expiry is not looked at. */
  find(text: string): Key | undefined {
    const known = this.#byId.get(idOf(text) ?? "");
    const isSame = timingSafeEqual(hashOf(text), known?.hash ?? NO_HASH);
    return isSame ? known : undefined;
  }

  /** Whether the very same key is still there and not expired. */
  has({ id, hash }: Key, nowMs: number): boolean {
    const known = this.#byId.get(id);
    return known?.hash.equals(hash) === true && nowMs < known.untilMs;
  }
}

/** Error INVALID_ARGUMENT / BAD_CONFIG, naming the first line that is wrong, and never what might be a key. */
export function parseKeys(text: string): Result<Keys> {
  const keys = new Map<string, Key>();
  for (const [index, line] of text.split("\n").entries()) {
    const bare = withoutComment(line);
    if (bare === "") continue;
    const key = parseKey(bare);
    if (typeof key === "string") return wrong(index, key);
    if (keys.has(key.id)) return wrong(index, `${key.id} stands there twice`);
    keys.set(key.id, key);
  }
  if (keys.size > 0) return ok(new Keys([...keys.values()]));
  return fail("INVALID_ARGUMENT", "BAD_CONFIG", "it holds no key: `wayward keys create` adds one");
}

/** The file without the lines of these keys; comments and the other lines stay as they are. */
export function withoutKeys(text: string, ids: readonly string[]): string {
  const stays = (line: string) => !ids.includes(withoutComment(line).split(/\s/)[0]!);
  return text.split("\n").filter(stays).join("\n");
}

function withoutComment(line: string): string {
  return line.trim().replace(/(?:^|\s)#.*$/, "");
}

/** The key of a line, or what is wrong with it. */
function parseKey(line: string): Key | string {
  const { id, scopes, hash, rest } = LINE.exec(line)?.groups ?? {};
  if (id === undefined || scopes === undefined || hash === undefined)
    return "not <id> <scope,…> sha256:<hex>, as `wayward keys create` writes it";
  if (!/^[a-z0-9]{8}$/.test(id)) return "the id is not 8 of a-z and 0-9";
  const named = scopes.split(",");
  const strange = named.find((scope) => !isScope(scope));
  if (strange !== undefined) return `scope "${strange.slice(0, 20)}" is not ${SCOPES.join(", ")}`;
  if (!/^[0-9a-f]{64}$/.test(hash)) return "sha256 is not 64 hex digits";
  const facts = new Map((rest ?? "").trim().split(/\s+/).filter(Boolean).map(pair));
  const unknown = [...facts.keys()].find((name) => name !== "until" && name !== "name");
  if (unknown !== undefined) return `"${unknown.slice(0, 20)}" is not until or name`;
  const until = facts.get("until");
  const untilMs = until === undefined ? NEVER : endOf(until);
  if (Number.isNaN(untilMs)) return `until "${until?.slice(0, 30)}" is not a time in ISO 8601`;
  return {
    id,
    scopes: new Set(named.filter(isScope)),
    hash: Buffer.from(hash, "hex"),
    untilMs,
    name: facts.get("name"),
  };
}

/** Milliseconds since 1970; NaN where it is no time. */
function endOf(until: string): number {
  return Date.parse(until) + (/^\d{4}-\d\d-\d\d$/.test(until) ? DAY_MS : 0);
}

function pair(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function wrong(index: number, what: string) {
  return fail("INVALID_ARGUMENT", "BAD_CONFIG", `line ${index + 1}: ${what}`);
}
