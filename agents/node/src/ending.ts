import type { Flow, Recorder } from "./recorder.ts";

/** Runs synchronous work in the zone that has just begun in `flow`, and ends it there; a throw marks it failed. */
export function ending<T>(recorder: Recorder, work: () => T, flow: Flow): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    recorder.zoneEnd(true, flow);
    throw error;
  }
  recorder.zoneEnd(false, flow);
  return result;
}
