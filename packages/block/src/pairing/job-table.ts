/** Jobs whose other half is still awaited; beyond it the oldest is forgotten. */
const JOBS_MAX = 100_000;

/** One job that is not over; NaN where a time is not known. Times are nanoseconds since the session's start. */
export interface JobState {
  readonly queue: number;
  readonly job: number;
  enqueued: number;
  started: number;
  finished: number;
  lane: number;
  eventNo: number;
}

/** Jobs by queue and number. Two maps, as whole numbers of 31 bits hash in a third of the time that others take. */
export class JobTable {
  readonly #queues = new Map<number, Map<number, JobState>>();
  #size = 0;

  /** The job's state, made where it is not known. */
  state(queue: number, job: number, lane: number, eventNo: number): JobState {
    let jobs = this.#queues.get(queue);
    if (jobs === undefined) {
      jobs = new Map();
      this.#queues.set(queue, jobs);
    }
    const known = jobs.get(job);
    if (known !== undefined) return known;
    const made = { queue, job, enqueued: Number.NaN, started: Number.NaN, finished: Number.NaN, lane, eventNo };
    jobs.set(job, made);
    if (++this.#size > JOBS_MAX) this.#forgetOldest();
    return made;
  }

  delete({ queue, job }: JobState): void {
    if (this.#queues.get(queue)?.delete(job)) this.#size--;
  }

  clear(): void {
    this.#queues.clear();
    this.#size = 0;
  }

  *values(): Generator<JobState> {
    for (const jobs of this.#queues.values()) yield* jobs.values();
  }

  copyInto(made: JobTable): void {
    for (const [queue, jobs] of this.#queues) {
      made.#queues.set(queue, new Map(Array.from(jobs, ([job, state]) => [job, { ...state }])));
    }
    made.#size = this.#size;
  }

  /** The first of the queue with the most: close to the oldest, found without an order over all. */
  #forgetOldest(): void {
    let longest: Map<number, JobState> | undefined;
    for (const jobs of this.#queues.values()) if (jobs.size > (longest?.size ?? 0)) longest = jobs;
    const [first] = longest?.keys() ?? [];
    if (first !== undefined && longest?.delete(first)) this.#size--;
  }
}
