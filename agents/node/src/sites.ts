import { type Called, callerOf, callersOf, type Frame } from "./call-stack.ts";
import { HeldLocks } from "./held-locks.ts";
import { LockPlaces, type Looking } from "./lock-places.ts";
import type { Place } from "./place.ts";
import type { Recorder } from "./recorder.ts";
import { textOf } from "./text.ts";

/** Places that are looked up at most: names made at run time must not cost a stack each. */
const SITES_MAX = 4_096;

const NO_PLACES = new LockPlaces(0, undefined);

/** Where in the code things happen, looked up once for each name or order of locks and only when asked for. */
export class Sites {
  readonly #recorder: Recorder;
  /** Whether places are looked up. */
  on: boolean;
  readonly #locks = new Map<number, LockPlaces>();
  readonly #looking: Looking;
  #captured = 0;

  constructor(recorder: Recorder, on: boolean) {
    this.#recorder = recorder;
    this.on = on;
    this.#looking = { recorder, held: new HeldLocks(), look: (called) => this.#look(called) };
  }

  /** Number of the site with this text, placed where `called` was called; costs a walk of the stack. */
  named(text: string, called: Called): number {
    const frame = this.#isAllowed() ? callerOf(called) : undefined;
    return this.#recorder.writer.dictionary.site({ ...frame, text: textOf(text) });
  }

  /** Number of the place where `called` was called; 0 where sites are not asked for. */
  of(called: Called): number {
    const frame = this.#isAllowed() ? callerOf(called) : undefined;
    return frame === undefined ? 0 : this.#siteOf(frame);
  }

  /** The places of a lock's operations, by its number. */
  ofLock(lock: number): LockPlaces {
    if (!this.on) return NO_PLACES;
    const known = this.#locks.get(lock);
    if (known !== undefined) return known;
    const made = new LockPlaces(lock, this.#looking);
    this.#locks.set(lock, made);
    return made;
  }

  /** Site and stack where `called` was called; undefined where no more are looked up. */
  #look(called: Called): Place | undefined {
    if (!this.#isAllowed()) return undefined;
    const frames = callersOf(called);
    return { site: frames[0] === undefined ? 0 : this.#siteOf(frames[0]), stack: this.#stackOf(frames) };
  }

  #isAllowed(): boolean {
    return this.on && this.#captured++ < SITES_MAX;
  }

  #siteOf({ function: name, file, line }: Frame): number {
    return this.#recorder.writer.dictionary.site({ function: name, file, line });
  }

  /** A stack is its innermost frame and the number of the stack below it. */
  #stackOf(frames: readonly Frame[]): number {
    const { dictionary } = this.#recorder.writer;
    return frames.reduceRight((below, { function: name, file, line, isAsync }) => {
      const shown = name === "" ? "<anonymous>" : name;
      return dictionary.stack(below, dictionary.frame(0, isAsync ? `async ${shown}` : shown, file, line));
    }, 0);
  }
}
