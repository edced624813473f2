import type { Threshold } from "@wayward/record";
import { Channel } from "./channel.ts";
import type { Recorder } from "./recorder.ts";
import type { Sites } from "./sites.ts";
import { textOf } from "./text.ts";

/** All channels that this program has used, and what the server wants of some. */
export class Channels {
  readonly #recorder: Recorder;
  readonly #sites: Sites;
  readonly #byName = new Map<string, Channel>();
  readonly #remote = new Map<string, Threshold>();

  constructor(recorder: Recorder, sites: Sites) {
    this.#recorder = recorder;
    this.#sites = sites;
  }

  /** The channel of that name, made with its parents at first use. */
  of(name: string): Channel {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (typeof name !== "string") return this.of(textOf(name));
    const dot = name.lastIndexOf(".");
    const made = new Channel(this.#recorder, this.#sites, name, dot > 0 ? this.of(name.slice(0, dot)) : undefined);
    made.remote = this.#remote.get(name);
    this.#byName.set(name, made);
    return made;
  }

  /** Takes the server's levels; those that it has taken back go back to the program's own. */
  follow(wanted: ReadonlyMap<string, Threshold>): boolean {
    for (const name of this.#remote.keys()) if (!wanted.has(name)) this.of(name).remote = undefined;
    this.#remote.clear();
    for (const [name, level] of wanted) {
      this.#remote.set(name, level);
      this.of(name).remote = level;
    }
    return true;
  }
}
