import { describe, expect, test } from "@jest/globals";
import { isExpired, parseExpiry } from "./expiry.ts";

const at = (text: string) => Date.parse(text);
const NOW = at("2026-05-02T10:00:00Z");

describe("how long something is accepted", () => {
  test.each([
    ["2027-01-31", "2027-01-31"],
    ["2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"],
    ["30d", "2026-06-01T10:00:00Z"],
    ["1.5h", "2026-05-02T11:30:00Z"],
  ])("%s is read", (text, expires) => {
    expect(parseExpiry(text, NOW)).toBe(expires);
  });

  test.each(["", "soon", "2027-02-30", "2027-1-1", "31.1.2027", "2027", "30", "99999999d", "2027-01-31T99:00"])(
    '"%s" is not',
    (text) => {
      expect(parseExpiry(text, NOW)).toBeUndefined();
    },
  );

  test("ends with the day, or at the time; what is no time has ended", () => {
    expect(isExpired(undefined, NOW)).toBe(false);
    expect(
      [at("2026-06-30T23:59:59.999Z"), at("2026-07-01T00:00:00Z")].map((now) => isExpired("2026-06-30", now)),
    ).toEqual([false, true]);
    expect(isExpired("2026-05-02T10:00:01Z", NOW)).toBe(false);
    expect(isExpired("2026-05-02T10:00:00Z", NOW)).toBe(true);
    expect(isExpired("some day", NOW)).toBe(true);
  });
});
