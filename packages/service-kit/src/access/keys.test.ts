import { describe, expect, test } from "@jest/globals";
import { idOf, keyLine, makeKey } from "@wayward/access";
import { unwrap } from "@wayward/base";
import fc from "fast-check";
import { Keys, parseKeys, withoutKeys } from "./keys.ts";

const HASH = "ab".repeat(32);

describe("a file of keys", () => {
  test("lets in the keys that were added to it, and nothing that differs by a letter", () => {
    const keys = Array.from({ length: 20 }, makeKey);
    const file = unwrap(parseKeys(keys.map((key) => keyLine(key, ["ingest", "read"], { name: "shop" })).join("")));
    expect(file.size).toBe(20);
    for (const key of keys) expect(file.find(key)).toMatchObject({ id: idOf(key), untilMs: Number.POSITIVE_INFINITY });
    const changed = fc.tuple(fc.constantFrom(...keys), fc.nat(), fc.constantFrom(..."aZ0_- ."));
    fc.assert(
      fc.property(changed, ([key, where, letter]) => {
        const at = where % key.length;
        const other = key.slice(0, at) + letter + key.slice(at + 1);
        return other === key || file.find(other) === undefined;
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => file.find(text) === undefined));
  });

  test("may have comments and empty lines, a time and a name", () => {
    const text = `# who may\n\nabcdefgh ingest sha256:${HASH} until=2026-01-31T00:00:00Z name=shop # until the move\r\n`;
    const file = unwrap(parseKeys(text));
    const [key] = [
      { id: "abcdefgh", hash: Buffer.from(HASH, "hex"), scopes: new Set(["ingest" as const]), untilMs: 0 },
    ];
    expect(file.has(key!, Date.UTC(2026, 0, 30))).toBe(true);
    expect(file.has(key!, Date.UTC(2026, 1, 1))).toBe(false);
    expect(file.has({ ...key!, hash: Buffer.alloc(32) }, 0)).toBe(false);
  });

  test("lets a key in to the end of its last day", () => {
    const file = unwrap(parseKeys(`abcdefgh ingest sha256:${HASH} until=2026-01-31`));
    const [key] = file.all();
    expect(file.has(key!, Date.UTC(2026, 0, 31, 23, 59))).toBe(true);
    expect(file.has(key!, Date.UTC(2026, 1, 1))).toBe(false);
  });

  test("loses the keys that are taken out, and nothing else", () => {
    const keys = Array.from({ length: 8 }, makeKey);
    const lines = keys.map((key) => `# of ${idOf(key)}\n${keyLine(key, ["read"])}`);
    const some = fc.tuple(fc.subarray(keys), fc.constantFrom("\n", "\r\n"), fc.constantFrom("", " # why"));
    fc.assert(
      fc.property(some, ([gone, end, comment]) => {
        const text = `# keys${end}${lines.join("").replaceAll("\n", `${comment}${end}`)}`;
        const left = withoutKeys(
          text,
          gone.map((key) => idOf(key)!),
        );
        // A file without a key is none, and lets nobody in.
        const file = gone.length === keys.length ? new Keys([]) : unwrap(parseKeys(left));
        const there = keys.filter((key) => file.find(key) !== undefined);
        expect(there).toEqual(keys.filter((key) => !gone.includes(key)));
        expect(left.split("\n").length).toBe(text.split("\n").length - gone.length);
        expect(left.split("\n").filter((line) => !text.split("\n").includes(line))).toEqual([]);
      }),
    );
  });

  test.each([
    ["", "it holds no key: `wayward keys create` adds one"],
    ["# nothing", "it holds no key"],
    ["ingest", "line 1: not <id> <scope,…> sha256:<hex>"],
    ["\nwayward_abcdefgh_verysecretverysecretverysecretverysecret", "line 2: not <id> <scope,…> sha256:<hex>"],
    [`abc ingest sha256:${HASH}`, "line 1: the id is not 8 of a-z and 0-9"],
    [`abcdefgh write sha256:${HASH}`, 'line 1: scope "write" is not ingest, read, delete, admin'],
    ["abcdefgh read sha256:abc", "line 1: sha256 is not 64 hex digits"],
    [`abcdefgh read sha256:${HASH} until=soon`, 'line 1: until "soon" is not a time in ISO 8601'],
    [`abcdefgh read sha256:${HASH} tenant=a`, 'line 1: "tenant" is not until or name'],
    [`abcdefgh read sha256:${HASH}\nabcdefgh admin sha256:${HASH}`, "line 2: abcdefgh stands there twice"],
  ])("is refused as %j, by its line, without what may be a key", (text, message) => {
    const { error } = parseKeys(text) as { error: Error };
    expect(error).toMatchObject({ reason: "BAD_CONFIG" });
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("verysecret");
  });
});
