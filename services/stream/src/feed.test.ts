import { expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { Feed } from "./feed.ts";
import { Notes } from "./testing/notes.ts";

test("a feed is done with nothing of a bus that was made anew until what waits of it was taken", async () => {
  const notes = new Notes("anew");
  let upTo = 10n;
  const feed = new Feed({ upTo: () => upTo, bytesMax: () => 1_000_000, detach: () => {} }, 1, () => true);
  expect(feed.done(0)).toBe(10n);
  feed.tell("restarted");
  feed.put({ tenant: "default", session: notes.text, envelope: unwrap(parseEnvelope(notes.block())) });
  upTo = 1n;
  expect(feed.done(0)).toBe(0n);
  expect((await feed.next())?.type).toBe("restarted");
  expect(feed.done(0)).toBe(0n);
  expect((await feed.next())?.type).toBe("block");
  expect(feed.done(0)).toBe(1n);
  feed.close();
});
