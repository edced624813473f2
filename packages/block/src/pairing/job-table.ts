/** Jobs whose other half is still awaited; beyond it one that waits long is forgotten. */
const JOBS_MAX = 100_000;
const FIRST_PLACES = 64;

/** A job that runs. Times are nanoseconds since the session's start. */
export interface JobState {
  readonly queue: number;
  readonly job: number;
  readonly started: number;
  readonly lane: number;
  readonly eventNo: number;
}

/**
 * Jobs by queue and number: a table of open addressing with linear probing,
 * at most half full. Jobs come and go at once, which a Map answers by
 * building itself anew. A place is valid until the next `find` or `remove`.
 */
export class JobTable {
  /** The queue plus one; 0 where the place is free. */
  #queues = new Uint32Array(FIRST_PLACES);
  #jobs = new Float64Array(FIRST_PLACES);
  enqueued = new Float64Array(FIRST_PLACES);
  started = new Float64Array(FIRST_PLACES);
  finished = new Float64Array(FIRST_PLACES);
  lanes = new Uint32Array(FIRST_PLACES);
  eventNos = new Float64Array(FIRST_PLACES);
  #size = 0;
  /** Where the next one to forget is looked for. */
  #hand = 0;

  /** The job's place. A new job has no times: they are NaN. */
  find(queue: number, job: number, lane: number, eventNo: number): number {
    const mask = this.#queues.length - 1;
    let place = hashOf(queue + 1, job) & mask;
    for (; this.#queues[place] !== 0; place = (place + 1) & mask) {
      if (this.#jobs[place] === job && this.#queues[place] === queue + 1) return place;
    }
    if (this.#size >= JOBS_MAX) {
      this.#forgetOne();
      return this.find(queue, job, lane, eventNo);
    }
    if (this.#size * 2 >= mask) {
      this.#grow();
      return this.find(queue, job, lane, eventNo);
    }
    this.#size++;
    this.#queues[place] = queue + 1;
    this.#jobs[place] = job;
    this.enqueued[place] = Number.NaN;
    this.started[place] = Number.NaN;
    this.finished[place] = Number.NaN;
    this.lanes[place] = lane;
    this.eventNos[place] = eventNo;
    return place;
  }

  /** Puts in a job that runs. */
  open(queue: number, job: number, started: number, lane: number, eventNo: number): void {
    this.started[this.find(queue, job, lane, eventNo)] = started;
  }

  /** Frees a place; those that were pushed on by it move up. */
  remove(place: number): void {
    const mask = this.#queues.length - 1;
    let free = place;
    for (let next = (place + 1) & mask; this.#queues[next] !== 0; next = (next + 1) & mask) {
      const home = hashOf(this.#queues[next]!, this.#jobs[next]!) & mask;
      if (((next - home) & mask) < ((next - free) & mask)) continue;
      this.#move(this, next, free);
      free = next;
    }
    this.#queues[free] = 0;
    this.#size--;
  }

  clear(): void {
    this.#queues.fill(0);
    this.#size = 0;
  }

  /** Jobs that run. */
  running(): JobState[] {
    const found: JobState[] = [];
    const queues = this.#queues;
    for (let place = 0; place < queues.length; place++) {
      if (queues[place] === 0) continue;
      const started = this.started[place]!;
      if (Number.isNaN(started)) continue;
      const [queue, job] = [queues[place]! - 1, this.#jobs[place]!];
      found.push({ queue, job, started, lane: this.lanes[place]!, eventNo: this.eventNos[place]! });
    }
    return found;
  }

  copyInto(made: JobTable): void {
    made.#queues = this.#queues.slice();
    made.#jobs = this.#jobs.slice();
    made.enqueued = this.enqueued.slice();
    made.started = this.started.slice();
    made.finished = this.finished.slice();
    made.lanes = this.lanes.slice();
    made.eventNos = this.eventNos.slice();
    made.#size = this.#size;
    made.#hand = this.#hand;
  }

  #move(from: JobTable, place: number, to: number): void {
    this.#queues[to] = from.#queues[place]!;
    this.#jobs[to] = from.#jobs[place]!;
    this.enqueued[to] = from.enqueued[place]!;
    this.started[to] = from.started[place]!;
    this.finished[to] = from.finished[place]!;
    this.lanes[to] = from.lanes[place]!;
    this.eventNos[to] = from.eventNos[place]!;
  }

  #forgetOne(): void {
    const mask = this.#queues.length - 1;
    while (this.#queues[this.#hand & mask] === 0) this.#hand++;
    this.remove(this.#hand++ & mask);
  }

  #grow(): void {
    const old = new JobTable();
    this.copyInto(old);
    const places = old.#queues.length * 2;
    this.#queues = new Uint32Array(places);
    this.#jobs = new Float64Array(places);
    this.enqueued = new Float64Array(places);
    this.started = new Float64Array(places);
    this.finished = new Float64Array(places);
    this.lanes = new Uint32Array(places);
    this.eventNos = new Float64Array(places);
    this.#size = 0;
    for (const [place, above] of old.#queues.entries()) {
      if (above !== 0) this.#move(old, place, this.find(above - 1, old.#jobs[place]!, 0, 0));
    }
  }
}

function hashOf(queue: number, job: number): number {
  const mixed = Math.imul(job | 0, 0x9e3779b1) ^ Math.imul(queue, 0x85ebca6b) ^ ((job / 0x1_0000_0000) | 0);
  return mixed ^ (mixed >>> 15);
}
