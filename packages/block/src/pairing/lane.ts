import { OpenList } from "./open-list.ts";

/** What is open on one lane, and how far its records are counted. */
export class LaneState {
  readonly id: number;
  /** The thread or worker whose summary row counts it. */
  readonly counted: number;
  nextEventNo = 0;
  /** By string number of the name. */
  readonly zones = new OpenList();
  /** By object number; the detail is the mode. */
  readonly held = new OpenList();
  /** By string number of the name. */
  readonly contexts = new OpenList();
  /** The lock waited for, at most one. */
  readonly wait = new OpenList();

  constructor(id: number, counted: number) {
    this.id = id;
    this.counted = counted;
  }

  /** After a drop nobody knows what ended meanwhile. */
  doubt(): void {
    for (const list of [this.zones, this.held, this.contexts, this.wait]) list.doubt();
  }

  /** The lane is gone: nothing on it is open any more. */
  close(): void {
    for (const list of [this.zones, this.held, this.contexts, this.wait]) list.length = 0;
  }

  copy(): LaneState {
    const made = new LaneState(this.id, this.counted);
    made.nextEventNo = this.nextEventNo;
    this.zones.copyInto(made.zones);
    this.held.copyInto(made.held);
    this.contexts.copyInto(made.contexts);
    this.wait.copyInto(made.wait);
    return made;
  }
}
