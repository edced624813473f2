/** A zone that is open. Times are nanoseconds since the session's start. */
export interface OpenZone {
  /** String number of its name. */
  name: number;
  site: number;
  start: number;
  eventNo: number;
  unsure: boolean;
}

export interface HeldLock {
  lock: number;
  mode: number;
  start: number;
  eventNo: number;
  unsure: boolean;
}

/** What is open on one lane, and how far its records are counted. */
export class LaneState {
  readonly id: number;
  /** The thread or worker whose summary row counts it. */
  readonly counted: number;
  nextEventNo = 0;
  readonly zones: OpenZone[] = [];
  readonly held: HeldLock[] = [];
  readonly contexts: { name: number; start: number; eventNo: number; unsure: boolean }[] = [];
  /** Lock waited for; 0 for none. */
  waitLock = 0;
  waitMode = 0;
  waitStart = 0;
  waitEventNo = 0;
  waitUnsure = false;

  constructor(id: number, counted: number) {
    this.id = id;
    this.counted = counted;
  }

  /** After a drop nobody knows what ended meanwhile. */
  doubt(): void {
    for (const list of [this.zones, this.held, this.contexts]) for (const entry of list) entry.unsure = true;
    this.waitUnsure = true;
  }

  copy(): LaneState {
    const made = new LaneState(this.id, this.counted);
    made.nextEventNo = this.nextEventNo;
    made.zones.push(...this.zones.map((zone) => ({ ...zone })));
    made.held.push(...this.held.map((held) => ({ ...held })));
    made.contexts.push(...this.contexts.map((context) => ({ ...context })));
    made.waitLock = this.waitLock;
    made.waitMode = this.waitMode;
    made.waitStart = this.waitStart;
    made.waitEventNo = this.waitEventNo;
    made.waitUnsure = this.waitUnsure;
    return made;
  }
}
