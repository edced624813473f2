import type { Scalar } from "@wayward/block";
import { LEVELS, type Level, logMessage } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** A named source of messages. `db.pool` is below `db` and follows its level unless it has one of its own. */
export class Channel {
  readonly name: string;
  readonly #recorder: Recorder;
  readonly #number: number;
  readonly #parent: Channel | undefined;
  readonly #sites = new Map<string, number>();
  #level: Level | undefined;

  constructor(recorder: Recorder, name: string, parent?: Channel) {
    this.name = name;
    this.#recorder = recorder;
    this.#number = recorder.writer.dictionary.string(name);
    this.#parent = parent;
  }

  /** The least level that is recorded. Default `trace`. */
  get level(): Level {
    return this.#level ?? this.#parent?.level ?? "trace";
  }

  /** Sets the least level; undefined follows the parent. */
  set level(level: Level | undefined) {
    this.#level = level;
  }

  trace(format: string, ...args: Scalar[]): void {
    this.#log(0, format, args);
  }
  debug(format: string, ...args: Scalar[]): void {
    this.#log(1, format, args);
  }
  info(format: string, ...args: Scalar[]): void {
    this.#log(2, format, args);
  }
  warn(format: string, ...args: Scalar[]): void {
    this.#log(3, format, args);
  }
  error(format: string, ...args: Scalar[]): void {
    this.#log(4, format, args);
  }
  fatal(format: string, ...args: Scalar[]): void {
    this.#log(5, format, args);
  }

  #log(level: number, format: string, args: Scalar[]): void {
    if (level < LEVELS.indexOf(this.level)) return;
    let site = this.#sites.get(format);
    if (site === undefined) {
      site = this.#recorder.writer.dictionary.site({ text: format });
      if (this.#sites.size < SITES_MAX) this.#sites.set(format, site);
    }
    this.#recorder.record(logMessage, [level, this.#number, args], site);
  }
}

/** Formats a channel remembers. */
const SITES_MAX = 4096;
