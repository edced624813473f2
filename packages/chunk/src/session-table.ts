import type { archive, block } from "@wayward/api";
import { parseSessionText, sessionText } from "@wayward/record";
import type { EndedSessions } from "./ended-sessions.ts";
import { PoisonedBlocks } from "./poisoned.ts";
import { RangeSet } from "./ranges.ts";

/** All the log says of one session; `committed` and `poisoned` as sets. */
export interface ArchivedSession extends Omit<archive.SessionState, "committed" | "poisoned"> {
  committed: RangeSet;
  readonly poisoned: PoisonedBlocks;
}

/**
 * Sessions by their id as text. Those that are written or that have changed
 * since the last checkpoint are objects; the others stay in the bytes of index
 * objects, and what is got of them is a copy: `set` keeps what was changed.
 */
export class SessionTable {
  readonly #objects = new Map<string, ArchivedSession>();
  #stored: readonly EndedSessions[] = [];
  /** What was decoded last, until something changes: whoever asks of a session's blocks asks for it once a block. */
  #latest: { readonly text: string; readonly session: ArchivedSession } | undefined;

  get size(): number {
    return this.#stored.reduce((sum, { shown }) => sum + shown, this.#objects.size);
  }

  has(text: string): boolean {
    return this.#objects.has(text) || this.#storedWith(text) !== undefined;
  }

  get(text: string): ArchivedSession | undefined {
    const known = this.#objects.get(text);
    if (known !== undefined) return known;
    if (this.#latest?.text === text) return this.#latest.session;
    const found = this.#storedWith(text);
    if (found === undefined) return undefined;
    const session = archivedSession(found.stored.session(found.place));
    this.#latest = { text, session };
    return session;
  }

  /** Cheaper than the whole session where only this is looked at. */
  description(text: string): block.SessionDescription | undefined {
    const known = this.#objects.get(text);
    if (known !== undefined) return known.description;
    const found = this.#storedWith(text);
    return found?.stored.description(found.place);
  }

  set(text: string, session: ArchivedSession): void {
    this.#latest = undefined;
    if (!this.#objects.has(text)) for (const stored of this.#stored) stored.hide(session.session);
    this.#objects.set(text, session);
  }

  *keys(): Generator<string> {
    yield* this.#objects.keys();
    for (const stored of this.#stored) yield* stored.texts();
  }

  *[Symbol.iterator](): Generator<[string, ArchivedSession]> {
    yield* this.#objects;
    for (const stored of this.#stored) {
      for (const session of stored.sessions()) yield [sessionText(session.session), archivedSession(session)];
    }
  }

  /** The sessions that are objects. */
  get objects(): ReadonlyMap<string, ArchivedSession> {
    return this.#objects;
  }

  /** Puts an index object behind the others; what it has is newer than what they have. */
  add(stored: EndedSessions): void {
    this.#latest = undefined;
    const older = this.#stored.filter((one) => one.overlaps(stored));
    if (older.length > 0) for (const id of stored.ids()) for (const one of older) one.hide(id);
    this.#stored = [...this.#stored, stored];
  }

  /** From now on these index objects hold what is over. Those that are new have it as it is now. */
  keepIn(all: readonly EndedSessions[]): void {
    this.#latest = undefined;
    for (const stored of all) {
      if (this.#stored.includes(stored)) continue;
      for (const text of stored.texts()) this.#objects.delete(text);
    }
    this.#stored = all;
  }

  /** Where a session is stored; nowhere where the text is no id, as on a bus to which others publish too. */
  #storedWith(text: string): { readonly stored: EndedSessions; readonly place: number } | undefined {
    if (this.#stored.length === 0) return undefined;
    const id = parseSessionText(text);
    if (id.error !== undefined) return undefined;
    for (const stored of this.#stored) {
      const place = stored.find(id.value);
      if (place !== undefined) return { stored, place };
    }
    return undefined;
  }
}

export function archivedSession(stored: archive.SessionState): ArchivedSession {
  return { ...stored, committed: RangeSet.from(stored.committed), poisoned: new PoisonedBlocks(stored.poisoned) };
}
