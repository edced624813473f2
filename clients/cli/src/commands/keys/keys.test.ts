import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { CommandLine } from "../../testing/command-line.ts";

/** Fields that a section of docs/json.md lists. */
function listed(section: string): string[] {
  const page = readFileSync(join(import.meta.dirname, "../../../../../docs/json.md"), "utf8");
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field!).sort();
}

describe("wayward keys", () => {
  const line = new CommandLine("keys");
  const text = () => readFileSync(join(line.folder, "keys"), "utf8");
  const create = async (...args: string[]) => {
    const { stdout, code } = await line.run("keys", "create", "--file", "keys", ...args);
    expect(code).toBe(0);
    return stdout.trim();
  };
  const idOf = (key: string) => key.split("_")[1]!;
  const list = async () => (await line.run("keys", "list", "--file", "keys")).stdout;
  const revoke = (...ids: string[]) => line.run("keys", "revoke", "--file", "keys", ...ids);
  afterAll(() => line.remove());

  test("lists whom a file lets in, without a secret, and takes out whom it is told to", async () => {
    const shop = await create("--name", "shop");
    const ann = await create("--name", "ann", "--scope", "read", "delete", "--expires", "2999-01-31");
    const old = await create("--scope", "admin", "--expires", "2001-01-01T00:00:00Z");
    line.file("keys", `# who may\n${text()}`);
    chmodSync(join(line.folder, "keys"), 0o644);
    expect(await list()).toBe(
      [
        "ID        STATE    UNTIL                 SCOPES       NAME",
        `${idOf(shop)}  active   -                     ingest       shop`,
        `${idOf(ann)}  active   2999-02-01T00:00:00Z  read,delete  ann`,
        `${idOf(old)}  expired  2001-01-01T00:00:00Z  admin        -`,
        "",
      ].join("\n"),
    );
    for (const key of [shop, ann, old]) expect(await list()).not.toContain(key.split("_")[2]);
    const before = text();
    const rows = await line.json("keys", "list", "--file", "keys");
    expect(rows[1]).toEqual({
      id: idOf(ann),
      state: "active",
      until: "2999-02-01T00:00:00Z",
      scopes: ["read", "delete"],
      name: "ann",
    });
    expect(Object.keys(rows[0]).sort()).toEqual(listed("keys list, keys revoke"));

    // By its id, or by the key itself where that is what somebody has.
    expect(await revoke(idOf(shop), old)).toMatchObject({
      code: 0,
      stdout: `${idOf(shop)} (shop) is revoked\n${idOf(old)} is revoked\n`,
    });
    const gone = (row: string) => row.startsWith(idOf(shop)) || row.startsWith(idOf(old));
    expect(text()).toBe(
      before
        .split("\n")
        .filter((row) => !gone(row))
        .join("\n"),
    );
    expect(statSync(join(line.folder, "keys")).mode & 0o777).toBe(0o644);
    expect(await list()).toMatch(new RegExp(`^ID .*\\n${idOf(ann)} .*\\n$`));
  }, 60_000);

  test("revokes all that are named or none, and never the last", async () => {
    const [first, second] = [await create("--name", "first"), await create("--name", "second")];
    const before = text();
    expect(await revoke(idOf(first), "abcdefgh")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("keys has no key abcdefgh [NO_KEY_OF_ID]"),
    });
    expect(text()).toBe(before);
    const [revoked] = await line.json("keys", "revoke", "--file", "keys", idOf(first));
    expect(Object.keys(revoked).sort()).toEqual(listed("keys list, keys revoke"));
    const others = (await line.json("keys", "list", "--file", "keys")).map(({ id }) => id);
    expect(others).toContain(idOf(second));
    const kept = text();
    expect(await revoke(...others)).toMatchObject({ code: 2, stderr: expect.stringContaining("create another one") });
    expect(text()).toBe(kept);
  }, 60_000);

  test("says of which file it speaks where that is none of keys", async () => {
    line.file("other", "something else\n");
    for (const command of [["list"], ["revoke", "abcdefgh"], ["create"]]) {
      const told = await line.run("keys", ...command, "--file", "other");
      expect(told).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--file other: line 1: not <id> <scope,…>/),
      });
      const without = await line.run("keys", ...command);
      expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("--file is missing") });
    }
    const nowhere = await line.run("keys", "list", "--file", "nowhere");
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("--file nowhere: ENOENT") });
  }, 60_000);

  test("has the fields of a new key in docs/json.md, and no other", async () => {
    const [made] = await line.json("keys", "create", "--file", "made", "--name", "ann", "--expires", "1d");
    expect(Object.keys(made).sort()).toEqual(listed("keys create"));
  }, 60_000);
});
