import { expect, test } from "@jest/globals";
import { partitionKeys, stateKey, TENANTS_PREFIX } from "./keys.ts";

test("archives that are there are found where they are", () => {
  const keys = partitionKeys("acme", 3);
  const made = [
    keys.chunk("one"),
    keys.entry(7n),
    keys.checkpoint(255n),
    keys.index(Uint8Array.of(0xab, 1)),
    keys.deadLetter("0abc", 12n, "ff"),
    keys.swept,
    stateKey("acme", "control", "levels"),
  ];
  expect(made).toEqual([
    "v1/t/acme/p/3/c/one",
    "v1/t/acme/p/3/log/00000000000000000007",
    "v1/t/acme/p/3/ckpt/00000000000000000255",
    "v1/t/acme/p/3/idx/ab01",
    "v1/t/acme/p/3/dlq/0abc/00000000000000000012-ff",
    "v1/t/acme/p/3/swept",
    "v1/t/acme/state/control/levels",
  ]);
  for (const key of made) expect(key.startsWith(TENANTS_PREFIX)).toBe(true);
  const prefixes = [keys.chunks, keys.entries, keys.checkpoints, keys.indexes];
  expect(prefixes.map((prefix, at) => made[at]!.startsWith(prefix))).toEqual([true, true, true, true]);
});
