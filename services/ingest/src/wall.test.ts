import { afterEach, expect, test } from "@jest/globals";
import { ingest } from "@wayward/api";
import { startSession } from "./start-session.ts";
import { wallNow } from "./wall.ts";

const real = Date.now;
afterEach(() => {
  Date.now = real;
});

/** Milliseconds by which what is told is ahead of the system's wall time. */
const ahead = (told: bigint) => Number(told) / 1e6 - real();
const serverTime = () =>
  startSession(ingest.StartSessionRequest.fromPartial({ session: Buffer.alloc(16) }), []).serverTime;

test("wall time follows the system's, finer than its milliseconds", () => {
  expect(Math.abs(ahead(wallNow()))).toBeLessThan(10);
  const times = Array.from({ length: 1_000 }, wallNow);
  expect(times).toEqual([...times].sort((a, b) => Number(a - b)));
  expect(times.some((time) => time % 1_000_000n !== 0n)).toBe(true);
});

test.each([3_600_000, -3_600_000, 40])("wall time that was set by %i ms is told at once, by both calls", (stepMs) => {
  wallNow();
  Date.now = () => real() + stepMs;
  expect(Math.abs(ahead(wallNow()) - stepMs)).toBeLessThan(10);
  expect(Math.abs(ahead(serverTime()) - stepMs)).toBeLessThan(10);
});
