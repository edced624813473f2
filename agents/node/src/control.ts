import type { ControlValues } from "@wayward/collector";
import { controlApplied, LEVELS_TOPIC, LOCKS_TOPIC } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** Takes a topic's value, empty where nobody says anything any more; false if it has to be tried again. */
export type Follow = (value: string) => boolean;

/** Follows what the server wants of this session, and records which revision it follows. */
export class Control {
  readonly #recorder: Recorder;
  readonly #changed: () => ControlValues | undefined;
  readonly #topics: ReadonlyMap<string, Follow>;
  /** What each topic says, as far as that is followed. */
  readonly #followed = new Map<string, { readonly revision: bigint; readonly value: string }>();
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

  /** Looks whether something is new, and follows it. */
  look(): void {
    const wanted = this.#changed() ?? this.#due;
    if (wanted === undefined) return;
    this.#due = undefined;
    for (const [topic, follow] of this.#topics) {
      if (!this.#follow(topic, follow, wanted.get(topic))) this.#due = wanted;
    }
  }

  #follow(
    topic: string,
    follow: Follow,
    now: { readonly revision: bigint; readonly value: string } | undefined,
  ): boolean {
    const before = this.#followed.get(topic);
    if (before?.revision === now?.revision && before?.value === now?.value) return true;
    if (!follow(now?.value ?? "")) return false;
    if (now === undefined) {
      this.#followed.delete(topic);
      return true;
    }
    this.#followed.set(topic, now);
    this.#recorder.record(controlApplied, [this.#recorder.writer.dictionary.string(topic), now.revision]);
    // Who has switched it waits to hear of it.
    this.#recorder.flush();
    return true;
  }
}
