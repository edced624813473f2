import type { Scalar } from "@wayward/block";
import { THRESHOLDS, type Threshold } from "@wayward/record";
import type { Called } from "./call-stack.ts";
import type { Recorder } from "./recorder.ts";
import type { Sites } from "./sites.ts";
import { isScalar, shown } from "./text.ts";

/** Counts changes of any channel's level, so that a message need not ask its channel's parents. */
let revision = 0;

/**
 * A named source of messages. An argument is null, boolean, number, bigint,
 * string or bytes; anything else is kept as the console would show it.
 * `db.pool` is below `db` and follows its level unless it has one of its own.
 */
export class Channel {
  readonly name: string;
  readonly #recorder: Recorder;
  readonly #number: number;
  readonly #parent: Channel | undefined;
  readonly #sites = new Map<string, number>();
  readonly #places: Sites;
  #level: Threshold | undefined;
  #remote: Threshold | undefined;
  /** Place of the least level that counts, as of revision `#seen`. */
  #least = 0;
  #seen = -1;

  constructor(recorder: Recorder, places: Sites, name: string, parent?: Channel) {
    this.name = name;
    this.#recorder = recorder;
    this.#places = places;
    this.#number = recorder.writer.dictionary.string(name);
    this.#parent = parent;
  }

  /** The least level that is recorded. Default `trace`. */
  get level(): Threshold {
    return this.#remote ?? this.#level ?? this.#parent?.level ?? "trace";
  }

  /** Sets the least level, `off` for none; undefined follows the parent. What the server asks for goes before. */
  set level(level: Threshold | undefined) {
    revision++;
    this.#level = level;
  }

  /** What the server asks for; undefined if nothing. */
  set remote(level: Threshold | undefined) {
    revision++;
    this.#remote = level;
  }

  trace(format: string, ...args: unknown[]): void {
    this.#log(0, format, args, this.trace);
  }
  debug(format: string, ...args: unknown[]): void {
    this.#log(1, format, args, this.debug);
  }
  info(format: string, ...args: unknown[]): void {
    this.#log(2, format, args, this.info);
  }
  warn(format: string, ...args: unknown[]): void {
    this.#log(3, format, args, this.warn);
  }
  error(format: string, ...args: unknown[]): void {
    this.#log(4, format, args, this.error);
  }
  fatal(format: string, ...args: unknown[]): void {
    this.#log(5, format, args, this.fatal);
  }

  #log(level: number, format: string, args: unknown[], called: Called): void {
    if (this.#seen !== revision) {
      this.#seen = revision;
      this.#least = THRESHOLDS.indexOf(this.level);
    }
    if (level < this.#least) return;
    let site = this.#sites.get(format);
    if (site === undefined) {
      site = this.#places.named(format, called);
      if (this.#sites.size < SITES_MAX) this.#sites.set(format, site);
    }
    this.#recorder.message(level, this.#number, areScalars(args) ? args : args.map(asScalar), site);
  }
}

/** Formats a channel remembers. */
const SITES_MAX = 4096;

function areScalars(args: readonly unknown[]): args is readonly Scalar[] {
  for (let index = 0; index < args.length; index++) if (!isScalar(args[index])) return false;
  return true;
}

/** Objects may change until the message is written: they become text at once. */
function asScalar(value: unknown): Scalar {
  return isScalar(value) ? value : shown(value);
}
