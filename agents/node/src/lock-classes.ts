import { openLocks } from "@wayward/block";
import { LOCK_TRACES, lockTracing } from "@wayward/record";
import { LockClass } from "./lock-class.ts";
import { type LockRule, type LockTracing, tracingOf } from "./lock-rules.ts";
import type { Recorder } from "./recorder.ts";

/** All classes of locks that this program has used, and what of each is recorded. */
export class LockClasses {
  readonly #recorder: Recorder;
  #own: readonly LockRule[];
  #remote: readonly LockRule[] = [];
  #rules: readonly LockRule[];
  readonly #classes = new Map<string, LockClass>();

  /** `own` rules are the program's; what the server wants goes before. */
  constructor(recorder: Recorder, own: readonly LockRule[]) {
    this.#recorder = recorder;
    this.#own = own;
    this.#rules = own;
  }

  /** The class of that name, made at first use. Where not all of it is recorded, a record says so. */
  of(name: string): LockClass {
    const known = this.#classes.get(name);
    if (known !== undefined) return known;
    const made = new LockClass(name, tracingOf(this.#rules, name));
    this.#classes.set(name, made);
    if (!made.isOn) this.#tell(name, made.tracing);
    return made;
  }

  /** Takes further rules of the program's own, which go before those that it began with; false as for `follow`. */
  add(own: readonly LockRule[]): boolean {
    this.#own = [...this.#own, ...own];
    return this.follow(this.#remote);
  }

  /**
   * Takes the server's rules; each class that changes is told by a record.
   * False while the spool takes no blocks: nothing tells then what is held.
   */
  follow(remote: readonly LockRule[]): boolean {
    const rules = [...this.#own, ...remote];
    const changes: { readonly known: LockClass; readonly tracing: LockTracing }[] = [];
    for (const known of this.#classes.values()) {
      const tracing = tracingOf(rules, known.name);
      if (!isSame(tracing, known.tracing)) changes.push({ known, tracing });
    }
    if (changes.length > 0) {
      this.#recorder.flush();
      if (this.#recorder.isRefused) return false;
      const open = openLocks(this.#recorder.writer.pairing);
      for (const { known, tracing } of changes) {
        known.change(tracing, open);
        this.#tell(known.name, tracing);
      }
    }
    this.#remote = remote;
    this.#rules = rules;
    return true;
  }

  #tell(name: string, { trace, oneIn }: LockTracing): void {
    const number = this.#recorder.writer.dictionary.string(name);
    this.#recorder.record(lockTracing, [number, LOCK_TRACES.indexOf(trace), trace === "sampled" ? oneIn : undefined]);
  }
}

function isSame(one: LockTracing, other: LockTracing): boolean {
  return one.trace === other.trace && (one.trace !== "sampled" || one.oneIn === other.oneIn);
}
