import { MIX_NAMES } from "./mix.ts";

/** What a library that records programs is asked for. */
export interface Calls {
  /** Runs `work` on one of the mix's lanes. */
  lane(index: number, work: () => void): void;
  zone(name: string, work: () => void): void;
  acquired(lock: number): void;
  released(lock: number): void;
  log(format: string, count: number, table: string): void;
  alloc(address: number, size: number): void;
  free(address: number): void;
  enqueue(job: number, depth: number): void;
  start(job: number): void;
  finish(job: number): void;
}

/** Records of one turn. */
export const TURN_RECORDS = 20;

/** Locks of the mix; its other objects are the heap and the queue. */
export const LOCKS = MIX_NAMES.objects.slice(0, -2);

const { lanes, zones, formats, tables } = MIX_NAMES;

/**
 * A program that makes the usual mix by calls, seeded: each turn runs on one
 * lane and makes 60 % zone, 20 % lock, 10 % log with two arguments, 5 %
 * memory, 5 % job.
 */
export class Turns {
  readonly #calls: Calls;
  #seed = 1;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  run(index: number): void {
    this.#calls.lane(index % lanes.length, () => this.#turn(index));
  }

  #turn(index: number): void {
    const calls = this.#calls;
    const locked = () => this.#locked();
    const message = () => calls.log(this.#pick(formats), this.#random(10_000), this.#pick(tables));
    calls.zone(this.#pick(zones), () => {
      calls.zone(this.#pick(zones), locked);
      calls.zone(this.#pick(zones), message);
      const address = this.#random(1 << 20) * 64;
      if (index & 1) calls.alloc(address, 16 << this.#random(10));
      else calls.free(address);
    });
    calls.zone(this.#pick(zones), () => {
      calls.zone(this.#pick(zones), locked);
      calls.zone(this.#pick(zones), message);
      const job = Math.floor(index / 3) + 1;
      if (index % 3 === 0) calls.enqueue(job, this.#random(30));
      else if (index % 3 === 1) calls.start(job);
      else calls.finish(job);
    });
  }

  #locked(): void {
    const lock = this.#random(LOCKS.length);
    this.#calls.acquired(lock);
    this.#calls.released(lock);
  }

  #random(most: number): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff;
    return (this.#seed >>> 8) % most;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!;
  }
}
