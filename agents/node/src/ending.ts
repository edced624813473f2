import type { Recorder } from "./recorder.ts";

/** Runs work in the zone that has just begun, and ends it; a throw marks it failed. */
export function ending<T>(recorder: Recorder, work: () => T): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    recorder.zoneEnd(true);
    throw error;
  }
  recorder.zoneEnd(false);
  return result;
}
