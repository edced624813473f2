import { expect, test } from "@jest/globals";
import { DeletedSessions } from "./deleted.ts";

test("of the deleted sessions the one told longest ago is forgotten", () => {
  const deleted = new DeletedSessions(2);
  expect(deleted.isEmpty).toBe(true);
  deleted.add("one", "a");
  deleted.add("other", "b");
  deleted.add("one", "a");
  deleted.add("one", "c");
  expect(["a", "b", "c"].map((session) => deleted.has("one", session))).toEqual([true, false, true]);
  expect(["a", "b", "c"].map((session) => deleted.has("other", session))).toEqual([false, false, false]);
});
