/*
 * What is known of a session's lanes, as plain data without methods:
 * v8.serialize writes all of it, which is the checkpoint. Times are
 * nanoseconds since the session's start.
 */
import { CAUSES } from "./causes.ts";
import { createProfile, type Profile } from "./profile.ts";

/** Why a lane's figures may be wrong, as bits. */
export const UNSURE = {
  /** It began before the first record that is known of it. */
  start: 1,
  /** Records of it are missing. */
  gap: 2,
  /** It ended without saying so: its number belongs to another one. */
  end: 4,
} as const;

/** A wait that has begun and not ended, of one lane for one object. */
export interface OpenWait {
  readonly object: number;
  readonly cause: number;
  since: number;
  /** Of an asynchronous lane several may be at work on one object. */
  count: number;
  /** The open set of a block after missing ones lists it. */
  told: boolean;
}

/** What a lane waits for until its next record. */
interface Stand {
  readonly cause: number;
  readonly since: number;
}

export interface Lane {
  readonly id: number;
  name: string;
  readonly kind: string;
  /** Number of the lane that started it; 0 for none. */
  parent: number;
  readonly start: number;
  /** Of its last record; its end, once it has ended. */
  last: number;
  /** An exit, of the lane or the process, or another lane with its number. */
  ended: boolean;
  /** False where it is summed by name once it has ended. */
  readonly listed: boolean;
  records: number;
  /** Number of the record that comes next. */
  next: number;
  /** Bits of UNSURE. */
  unsure: number;
  /** Blocks are missing and no record has shown yet whether some of its own were in them. */
  doubted: boolean;
  /** One an object, in the order in which they began. A list, as a Map that something comes to and goes from all the time is made anew all the time. */
  readonly waits: OpenWait[];
  stands: Stand | undefined;
  /** Nanoseconds by cause. */
  readonly waited: Float64Array;
  /** Up to here time is either waited or not. */
  frontier: number;
  /** What before it was not waited, as far as it is kept: begins and ends, rising. */
  gaps: number[];
}

/** Lanes of one name that are not listed one by one. */
export interface LaneSum {
  readonly name: string;
  readonly kind: string;
  lanes: number;
  start: number;
  end: number;
  lifetime: number;
  records: number;
  unsure: number;
  open: boolean;
  readonly waited: Float64Array;
}

export interface ThreadSession {
  /** The block that comes next. */
  nextSeq: bigint;
  /** Of the last record. */
  now: number;
  /** The latest of each number: those listed, and those that have not ended. */
  readonly lanes: Map<number, Lane>;
  readonly listed: Lane[];
  /** By kind and name. */
  readonly sums: Map<string, LaneSum>;
  /** Followed, but not listed. */
  unlisted: number;
  /** Numbers of lanes that are not listed and have ended last, the oldest first. */
  readonly gone: Set<number>;
  readonly profile: Profile;
  /** What is not tracked, by name: how many were left out. */
  readonly leftOut: Map<string, number>;
}

export function createThreads(): ThreadSession {
  return {
    nextSeq: 0n,
    now: 0,
    lanes: new Map(),
    listed: [],
    sums: new Map(),
    unlisted: 0,
    gone: new Set(),
    profile: createProfile(),
    leftOut: new Map(),
  };
}

export function createWaited(): Float64Array {
  return new Float64Array(CAUSES.length);
}

export function leaveOut({ leftOut }: ThreadSession, name: string, count: number): void {
  leftOut.set(name, (leftOut.get(name) ?? 0) + count);
}
