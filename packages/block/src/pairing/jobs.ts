import type { Gather } from "../summary/gather.ts";
import { OpenTable, TABLE_COLUMNS } from "./open-table.ts";
import { span } from "./span.ts";

/** What is kept of a job that is not over; NaN for times that are not known. */
export const JOB = { enqueued: 0, started: 1, finished: 2, lane: 3, eventNo: 4 } as const;

/**
 * Jobs by queue and number. A block's records come lane by lane, so a job may
 * finish here before it starts or is enqueued on another lane: one of which
 * not all is known stays until the block's end, by when all came before it.
 */
export class OpenJobs {
  readonly table = new OpenTable();
  readonly #wait: Gather;
  readonly #run: Gather;
  /** Queue and number in turn of those that finished in the block in the making and stay. */
  readonly #finished: number[] = [];

  /** `wait` gathers times from enqueue to start, `run` those from start to finish, by queue. */
  constructor(wait: Gather, run: Gather) {
    this.#wait = wait;
    this.#run = run;
  }

  enqueue(queue: number, job: number, time: number, lane: number, eventNo: number, index: number): void {
    const at = this.#begin(queue, job, time, lane, eventNo);
    const { data } = this.table;
    const started = data[at + JOB.started]!;
    data[at + JOB.enqueued] = time;
    if (started >= 0) this.#wait.measure(queue, span(time, started), index);
    this.#removeKnown(at);
  }

  start(queue: number, job: number, time: number, lane: number, eventNo: number, index: number): void {
    const at = this.#begin(queue, job, time, lane, eventNo);
    const { data } = this.table;
    const [enqueued, finished] = [data[at + JOB.enqueued]!, data[at + JOB.finished]!];
    data[at + JOB.started] = time;
    data[at + JOB.lane] = lane;
    data[at + JOB.eventNo] = eventNo;
    if (enqueued >= 0) this.#wait.measure(queue, span(enqueued, time), index);
    if (finished >= 0) this.#run.measure(queue, span(time, finished), index);
    this.#removeKnown(at);
  }

  finish(queue: number, job: number, time: number, lane: number, eventNo: number, index: number): void {
    const at = this.#begin(queue, job, time, lane, eventNo);
    const { data } = this.table;
    const started = data[at + JOB.started]!;
    data[at + JOB.finished] = time;
    if (started >= 0) this.#run.measure(queue, span(started, time), index);
    if (!this.#removeKnown(at)) this.#finished.push(queue, job);
  }

  /** Puts in a job that was running when a block began. */
  open(queue: number, job: number, started: number, lane: number, eventNo: number): void {
    this.table.data[this.#at(queue, job, lane, eventNo) + JOB.started] = started;
  }

  /** Forgets the jobs that finished. */
  endBlock(): void {
    const { table } = this;
    for (let at = 0; at < this.#finished.length; at += 2) {
      const place = table.find(this.#finished[at]!, this.#finished[at + 1]!);
      if (place >= 0 && table.data[place * TABLE_COLUMNS + JOB.finished]! >= 0) table.remove(place);
    }
    this.#finished.length = 0;
  }

  clear(): void {
    this.table.clear();
    this.#finished.length = 0;
  }

  /** The place of the numbers that a record belongs to: what finished before it is another job of the same number. */
  #begin(queue: number, job: number, time: number, lane: number, eventNo: number): number {
    const at = this.#at(queue, job, lane, eventNo);
    if (this.table.data[at + JOB.finished]! < time) this.#reset(at, lane, eventNo);
    return at;
  }

  #at(queue: number, job: number, lane: number, eventNo: number): number {
    const { table } = this;
    const known = table.find(queue, job);
    if (known >= 0) return known * TABLE_COLUMNS;
    const at = table.add(queue, job) * TABLE_COLUMNS;
    this.#reset(at, lane, eventNo);
    return at;
  }

  #reset(at: number, lane: number, eventNo: number): void {
    const { data } = this.table;
    data[at + JOB.enqueued] = Number.NaN;
    data[at + JOB.started] = Number.NaN;
    data[at + JOB.finished] = Number.NaN;
    data[at + JOB.lane] = lane;
    data[at + JOB.eventNo] = eventNo;
  }

  /** Forgets a job of which all is known; true then. */
  #removeKnown(at: number): boolean {
    const { data } = this.table;
    const sum = data[at + JOB.enqueued]! + data[at + JOB.started]! + data[at + JOB.finished]!;
    if (Number.isNaN(sum)) return false;
    this.table.remove(at / TABLE_COLUMNS);
    return true;
  }
}
