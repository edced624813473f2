import { errorFacts, type Log, type Metrics } from "@wayward/service-kit";
import type { Incoming, Tally } from "./core/types.ts";

export type ArchiveEvents = ReturnType<typeof archiveEvents>;

/** Commits take a few milliseconds on a folder and up to seconds on a slow store. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What happens in this service that an operator counts or reads about: metric and log line in one place. */
export function archiveEvents(metrics: Metrics, log: Log) {
  const blocks = metrics.counter("wayward_archive_blocks_total", "Blocks by what became of them", ["result"]);
  const bytes = metrics.counter("wayward_archive_committed_bytes_total", "Bytes of blocks that the log names");
  const seconds = metrics.histogram("wayward_archive_commit_seconds", "From a full buffer to its log entry", SECONDS);
  const committedAt = metrics.gauge("wayward_archive_committed_at_seconds", "Wall time of the last commit", [
    "partition",
  ]);
  const failures = metrics.counter("wayward_archive_failures_total", "Attempts that failed, by reason", ["reason"]);
  const waitingBytes = metrics.gauge("wayward_archive_waiting_bytes", "Read from the bus, not committed", [
    "partition",
  ]);
  const backlog = metrics.gauge("wayward_archive_backlog_blocks", "On the bus after the last commit", ["partition"]);
  const held = metrics.gauge("wayward_archive_leases", "Partitions that this process archives");
  const expired = metrics.counter("wayward_archive_expired_sessions_total", "Sessions let go to keep the size");
  const collected = metrics.counter("wayward_archive_collected_chunks_total", "Chunks removed, by why", ["why"]);
  // The first one of them is an increase too, and can be one only from 0.
  for (const result of ["committed", "copy", "dead-letter"]) blocks.inc({ result }, 0);
  for (const reason of ["BUS_UNAVAILABLE", "STORE_DENIED", "STORE_FULL", "STORE_UNUSABLE"]) failures.inc({ reason }, 0);
  for (const why of ["unneeded", "orphan"]) collected.inc({ why }, 0);
  return {
    /** A batch is in the log, copies dropped, others put aside. */
    committed(partition: number, tally: Tally, all: number, tookMs: number): void {
      const { committed, aside } = tally;
      blocks.inc({ result: "committed" }, committed);
      blocks.inc({ result: "copy" }, all - committed - aside.length);
      bytes.inc(tally.bytes);
      committedAt.set({ partition: String(partition) }, Date.now() / 1000);
      seconds.observe(tookMs / 1000);
      log.debug("committed", { partition, blocks: committed, of: all, bytes: tally.bytes, ms: Math.round(tookMs) });
      for (const block of aside) this.putAside(partition, block);
    },
    /** Nobody loses data unseen: the block is under its key, and readers are told of it. */
    putAside(partition: number, { session, seq, deadLetterKey, envelope }: Incoming): void {
      blocks.inc({ result: "dead-letter" });
      const what =
        envelope === undefined
          ? "a block cannot be read"
          : "a block is unreadable inside or differs from the one committed";
      log.warn(`${what}; it was put aside`, { partition, session, seq, key: deadLetterKey });
    },
    /** Something failed and is tried again. */
    failed(partition: number, error: unknown): void {
      const facts = errorFacts(error);
      failures.inc({ reason: String(facts.reason) });
      log.warn("archiving a partition failed; trying again", { partition, ...facts });
    },
    waiting(partition: number, length: number): void {
      waitingBytes.set({ partition: String(partition) }, length);
    },
    left(partition: number, count: number): void {
      backlog.set({ partition: String(partition) }, count);
    },
    lease(partition: number, isHeld: boolean): void {
      if (isHeld) held.inc();
      else held.dec();
      log.debug(isHeld ? "archives the partition" : "archives the partition no more", { partition });
    },
    expired(partition: number, sessions: number): void {
      expired.inc(sessions);
      log.info("sessions expired to keep the size", { partition, sessions });
    },
    collected(partition: number, chunks: number, why: "unneeded" | "orphan"): void {
      collected.inc({ why }, chunks);
      log.info("chunks removed", { partition, chunks, why });
    },
    /** A control topic that the bus lacked is set from the store's copy. */
    refilled(topic: string): void {
      log.warn("the bus lacked a control topic; it is set from the store", { topic });
    },
    mirrorFailed(error: unknown): void {
      const facts = errorFacts(error);
      failures.inc({ reason: String(facts.reason) });
      log.warn("control topics are not copied into the store; trying again", facts);
    },
    /** At the end of the grace: what is left stays on the bus. */
    gaveUp(partition: number): void {
      log.warn("the last commit was not done in time; its blocks stay on the bus", { partition });
    },
  };
}
