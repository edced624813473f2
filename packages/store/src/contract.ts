import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SELF_TEST_PREFIX } from "./keys.ts";
import type { Store } from "./port.ts";
import { testStore } from "./self-test.ts";

const bytes = (text: string) => Buffer.from(text);

/** Declares the tests that every store passes. `open` makes an empty one and tells how to end it. */
export function describeStore(
  name: string,
  open: () => Promise<{ readonly store: Store; stop(): Promise<void> }>,
): void {
  describe(`the store contract: ${name}`, () => {
    let store: Store;
    let stop: () => Promise<void>;
    beforeAll(async () => {
      ({ store, stop } = await open());
    });
    afterAll(async () => {
      await store?.close();
      await stop?.();
    });

    test("gives back what was put, whole and in ranges, and nothing where nothing is", async () => {
      await store.put("a/whole", [bytes("one"), bytes("two")]);
      expect(Buffer.from((await store.get("a/whole"))!.bytes).toString()).toBe("onetwo");
      expect(Buffer.from((await store.get("a/whole", { offset: 2, length: 3 }))!.bytes).toString()).toBe("etw");
      expect((await store.get("a/whole", { offset: 2, length: 3 }))!.etag).toBe("");
      expect(await store.get("a/missing")).toBeUndefined();
      expect(await store.get("a/missing", { offset: 0, length: 1 })).toBeUndefined();
      await expect(store.get("a/whole", { offset: 4, length: 9 })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    });

    test("refuses a body that is not the one announced", async () => {
      const sha256 = createHash("sha256").update("good").digest();
      await store.put("b/digest", bytes("good"), { sha256 });
      await expect(store.put("b/digest", bytes("torn"), { sha256 })).rejects.toMatchObject({ reason: "BAD_DIGEST" });
      expect(Buffer.from((await store.get("b/digest"))!.bytes).toString()).toBe("good");
    });

    test("lets one of many creators win", async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, racer) => store.createIfAbsent("c/raced", bytes(String(racer)))),
      );
      expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
      expect(Buffer.from((await store.get("c/raced"))!.bytes).toString()).toBe(String(outcomes.indexOf("created")));
    });

    test("lets one of many replacers win, and none with an old etag", async () => {
      await store.put("d/versioned", bytes("first"));
      const { etag } = (await store.get("d/versioned"))!;
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, racer) => store.replaceIfMatch("d/versioned", bytes(String(racer)), etag)),
      );
      expect(outcomes.filter((outcome) => outcome !== "changed")).toHaveLength(1);
      expect(await store.replaceIfMatch("d/versioned", bytes("late"), etag)).toBe("changed");
      expect(await store.replaceIfMatch("d/nothing", bytes("x"), etag)).toBe("changed");
      const won = outcomes.find((outcome) => outcome !== "changed");
      expect(won).toEqual({ etag: (await store.get("d/versioned"))!.etag });
    });

    test("lists by prefix in the order of the keys' bytes, from behind a key", async () => {
      const keys = ["e/1", "e/1-b", "e/1.c", "e/1/x", "e/10", "e/2/y", "e/2/z", "e0/no"];
      const part = fc.constantFrom("e", "e/", "e/1", "e/1/", "e/2/y", "e/3", "f");
      // "e/1" and "e/1/x" cannot both be: no key is another's folder.
      const stored = keys.filter((key) => key !== "e/1");
      for (const key of stored) await store.put(key, bytes(key));
      await fc.assert(
        fc.asyncProperty(
          part,
          fc.option(fc.constantFrom(...stored, "e/1/a", "e/9"), { nil: undefined }),
          async (prefix, after) => {
            const listed: string[] = [];
            for await (const { key, bytes: size } of store.list(prefix, after)) {
              listed.push(key);
              expect(size).toBe(key.length);
            }
            const expected = stored
              .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
              .sort();
            expect(listed).toEqual(expected);
          },
        ),
        { numRuns: 40, seed: 3 },
      );
    });

    test("removes what is there and does not mind what is not", async () => {
      await store.put("g/one", bytes("1"));
      await store.remove(["g/one", "g/none"]);
      expect(await store.get("g/one")).toBeUndefined();
    });

    test("passes its own self-test and leaves nothing behind", async () => {
      await testStore(store);
      for await (const { key } of store.list(SELF_TEST_PREFIX)) throw new Error(`${key} was left`);
    });
  });
}
