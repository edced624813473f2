import { SeenEvents } from "./seen-events.ts";

/**
 * Which events a watch has not shown yet, over all its calls. A server that is
 * called anew begins behind the last cursor, and sends again what was shown
 * behind that. Its own cursors tell what it has sent, not what calls before it
 * have: it may go away before it has sent all of that again.
 */
export class Unseen {
  /** Shown since the cursor, and what earlier calls had shown when this one began. */
  #behindCursor = new SeenEvents();
  /** What earlier calls had shown; this one sends nothing twice by itself. */
  #earlier = new SeenEvents();

  /** The next call begins. */
  begin(): void {
    this.#earlier = this.#behindCursor.copy();
  }

  /** Whether the event is to be shown; it is noted as shown. */
  take(session: string, lane: number, eventNo: bigint): boolean {
    if (!this.#behindCursor.has(session, lane, eventNo)) this.#behindCursor.add(session, lane, eventNo);
    return !this.#earlier.has(session, lane, eventNo);
  }

  /** A gap was told of a session, or of all where none is named. */
  gap(session: string): void {
    this.#behindCursor.gap(session);
    this.#earlier.gap(session);
  }

  /** A cursor was told: what this call has shown is not sent again. */
  moved(): void {
    this.#behindCursor = this.#earlier.copy();
  }
}
