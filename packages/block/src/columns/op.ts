/** What is done with a kind's records beyond their columns. From `zoneBegin` on it is pairing. */
export const OP = {
  none: 0,
  logMessage: 1,
  zoneBegin: 2,
  zoneEnd: 3,
  lockWait: 4,
  lockAcquired: 5,
  lockReleased: 6,
  lockTimedOut: 7,
  lockUpgraded: 8,
  lockDowngraded: 9,
  lockHandedOver: 10,
  jobEnqueue: 11,
  jobStart: 12,
  jobFinish: 13,
  contextEnter: 14,
  contextExit: 15,
  threadExit: 16,
  /** Zones of a kind of which no record in the block carries an id; what pairing makes of the first two. */
  zoneBeginPlain: 17,
  zoneEndPlain: 18,
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

export function opOf(kindName: string): number {
  return OPS[kindName] ?? OP.none;
}
