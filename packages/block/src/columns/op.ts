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

export function opOf(kindName: string): number {
  return OPS[kindName] ?? OP.none;
}
