import type { Kind } from "@wayward/record";
import { Gather } from "../summary/gather.ts";
import { KindBuilder } from "./builder.ts";

/** What pairing does with a kind's records. */
export const OP = {
  none: 0,
  zoneBegin: 1,
  zoneEnd: 2,
  lockWait: 3,
  lockAcquired: 4,
  lockReleased: 5,
  lockTimedOut: 6,
  lockUpgraded: 7,
  lockDowngraded: 8,
  lockHandedOver: 9,
  logMessage: 10,
  jobEnqueue: 11,
  jobStart: 12,
  jobFinish: 13,
  contextEnter: 14,
  contextExit: 15,
  threadExit: 16,
} as const;

const OPS: Readonly<Record<string, number>> = {
  "zone.begin": OP.zoneBegin,
  "zone.end": OP.zoneEnd,
  "lock.wait": OP.lockWait,
  "lock.acquired": OP.lockAcquired,
  "lock.released": OP.lockReleased,
  "lock.timed-out": OP.lockTimedOut,
  "lock.upgraded": OP.lockUpgraded,
  "lock.downgraded": OP.lockDowngraded,
  "lock.handed-over": OP.lockHandedOver,
  "log.message": OP.logMessage,
  "job.enqueue": OP.jobEnqueue,
  "job.start": OP.jobStart,
  "job.finish": OP.jobFinish,
  "job.dead-letter": OP.jobFinish,
  "context.enter": OP.contextEnter,
  "context.exit": OP.contextExit,
  "thread.exit": OP.threadExit,
};

/** Families whose keys have a summary of their own. */
const OWN_SUMMARY = /^(log|zone|lock|context|thread)\./;

/** All that the encoder keeps for one kind of a session. */
export class Program {
  readonly builder: KindBuilder;
  readonly op: number;
  /** Field whose whole numbers are summed, or -1. */
  readonly measure: number;
  /** Field whose strings are counted, or -1. */
  readonly key: number;
  /** True if the measure may be negative. */
  readonly signed: boolean;
  readonly measured: Gather;
  readonly keyed: Gather;

  constructor(number: number, kind: Kind, useString: (id: number) => void) {
    this.builder = new KindBuilder(number, kind);
    this.op = OPS[kind.name] ?? OP.none;
    this.measure = kind.fields.findIndex(
      ({ role, type }) => role === "measure" && (type === "u64" || type === "duration"),
    );
    this.key = OWN_SUMMARY.test(kind.name)
      ? -1
      : kind.fields.findIndex(({ role, type, table }) => role === "key" && type === "ref" && table === "string");
    this.signed = kind.fields[this.measure]?.type === "duration";
    this.measured = new Gather(() => {});
    this.keyed = new Gather(useString);
  }

  clear(): void {
    this.builder.clear();
    this.measured.clear();
    this.keyed.clear();
  }
}
