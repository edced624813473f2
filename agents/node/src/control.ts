import type { ControlValues } from "@wayward/collector";
import { controlApplied, LEVELS_TOPIC, LOCKS_TOPIC } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** Takes a topic's value, empty where nobody says anything any more; false if it has to be tried again. */
export type Follow = (value: string) => boolean;

interface Followed {
  readonly revision: bigint;
  readonly value: string;
}

/** Follows what the server wants of this session, and records which revision it follows. */
export class Control {
  readonly #recorder: Recorder;
  readonly #changed: () => ControlValues | undefined;
  readonly #topics: ReadonlyMap<string, Follow>;
  /** What each topic says, as far as that is followed. */
  readonly #followed = new Map<string, Followed>();
  /** Not all of it is followed yet. */
  #due: ControlValues | undefined;

  /** `changed` gives what the server wants where that is new. */
  constructor(recorder: Recorder, changed: () => ControlValues | undefined, levels: Follow, locks: Follow) {
    this.#recorder = recorder;
    this.#changed = changed;
    this.#topics = new Map([
      [LEVELS_TOPIC, levels],
      [LOCKS_TOPIC, locks],
    ]);
  }

  /** Looks whether something is new, and follows it; true where a record now says so. */
  look(): boolean {
    const wanted = this.#changed() ?? this.#due;
    if (wanted === undefined) return false;
    this.#due = undefined;
    let hasRecorded = false;
    for (const [topic, follow] of this.#topics) {
      const now = wanted.get(topic);
      if (this.#isFollowed(topic, now)) continue;
      if (!follow(now?.value ?? "")) this.#due = wanted;
      else if (now === undefined) this.#followed.delete(topic);
      else {
        this.#followed.set(topic, now);
        this.#recorder.record(controlApplied, [this.#recorder.writer.dictionary.string(topic), now.revision]);
        hasRecorded = true;
      }
    }
    return hasRecorded;
  }

  /** The next look follows all of it again: under another name a session is meant by other rules. */
  renamed(): void {
    this.#due = new Map(this.#followed);
    this.#followed.clear();
  }

  #isFollowed(topic: string, now: Followed | undefined): boolean {
    const before = this.#followed.get(topic);
    return before?.revision === now?.revision && before?.value === now?.value;
  }
}
