import { describe, expect, test } from "@jest/globals";
import { LatenessWindow } from "./lateness.ts";

describe("lateness of ticks", () => {
  test("sees a stall wherever it falls", () => {
    for (let stallAt = 0; stallAt < 2_000; stallAt += 7) {
      const window = new LatenessWindow(20, 1_000, 0);
      const maxima: number[] = [];
      let now = 0;
      while (now < 4_000) {
        const next = now + 20;
        now = now <= stallAt && stallAt < next ? stallAt + 400 : next;
        const told = window.tick(now);
        if (told !== undefined) maxima.push(told.max);
      }
      expect(Math.max(...maxima)).toBeGreaterThanOrEqual(380);
      expect(maxima.filter((max) => max > 0)).toHaveLength(1);
    }
  });

  test("tells the 99th percentile beside the greatest, and the rest at the end", () => {
    const window = new LatenessWindow(10, 1_000_000, 0);
    let now = 0;
    for (let tick = 1; tick < 200; tick++) {
      now += 10 + (tick > 197 ? 50 : 1);
      window.tick(now);
    }
    expect(window.rest(now + 310)).toEqual({ p99: 50, max: 300 });
    expect(window.rest(now + 310)).toEqual({ p99: 0, max: 0 });
  });
});
