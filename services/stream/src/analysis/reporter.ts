import { hostname } from "node:os";
import type { AccessSettings } from "@wayward/access";
import type { ReportedFinding } from "@wayward/analysis";
import { block as api } from "@wayward/api";
import { backoffMs, delay, VERSION, WaywardError } from "@wayward/base";
import { BlockWriter, Stage, type WrittenBlock } from "@wayward/block";
import { collect, Spool } from "@wayward/collector";
import { findingReported, isReporterName, newSessionId, REPORTER_PREFIX, SEVERITIES } from "@wayward/record";
import type { Log } from "@wayward/service-kit";

export interface ReporterOptions {
  /** Folder of spools: findings wait there until ingest has them, and a later process pushes what this one could not. */
  readonly root: string;
  /** `host:port` of ingest; asked for at the first finding; empty while it does not serve yet, as it may be this very process. */
  readonly address: () => string;
  readonly access?: AccessSettings | undefined;
  /** Which service analyses: its session is `analysis/<service>`. */
  readonly service: string;
  readonly log: Log;
}

/** Findings reach observers within this time and what the bus takes. */
const FLUSH_MS = 20;
const QUOTA_BYTES = 64 * 1024 * 1024;
/** What could not be kept is tried again after so long. */
const AGAIN_MS = 1_000;
/** Bytes of blocks that wait in memory for a disk that refuses; beyond it the findings that come are not taken. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

/** Where pushing fails, it is begun again after at most so long. */
const PUSH_AGAIN_MS_MAX = 30_000;

/** What was written at once, and the blocks of it that the spool has not taken yet, in order: their seqs are given. */
interface Batch {
  readonly blocks: WrittenBlock[];
  readonly findings: readonly ReportedFinding[];
}

/**
 * Reports findings as records, through ingest like any agent: one session a
 * process, another one where that is deleted or taken over; one lane a rule.
 */
export class FindingReporter {
  readonly #options: ReporterOptions;
  readonly #stage = new Stage();
  readonly #lanes = new Map<string, number>();
  readonly #stopping = new AbortController();
  /** Findings of the stage. */
  #staged: ReportedFinding[] = [];
  #pending: Batch[] = [];
  #writer: BlockWriter | undefined;
  #spool: Spool | undefined;
  #collecting: Promise<void> | undefined;
  #flushing: NodeJS.Timeout | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Throws where the disk has refused for so long that no more findings can wait. */
  report(finding: ReportedFinding): void {
    const blocks = this.#pending.flatMap(({ blocks }) => blocks);
    const waiting = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (waiting > PENDING_BYTES_MAX)
      throw new WaywardError(
        "RESOURCE_EXHAUSTED",
        "SPOOL_FULL",
        `findings: ${waiting} bytes wait for the disk, at most ${PENDING_BYTES_MAX}`,
      );
    this.#add(finding, this.#writer ?? this.#open());
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #add(finding: ReportedFinding, { dictionary }: BlockWriter): void {
    const lane = this.#lanes.get(finding.rule) ?? dictionary.lane({ name: finding.rule, kind: "thread" });
    this.#lanes.set(finding.rule, lane);
    const { rule, severity, title, message, fingerprint, count, first, last, sessions, unproven } = finding;
    const detail = { locks: finding.locks, evidence: finding.evidence, ...finding.detail };
    this.#stage.add(dictionary.kind(findingReported), findingReported, { lane, time: process.hrtime.bigint() }, [
      dictionary.string(rule),
      SEVERITIES.indexOf(severity),
      title,
      message,
      Buffer.from(fingerprint, "hex"),
      count,
      first,
      last,
      sessions.join(" "),
      unproven === "" ? undefined : unproven,
      JSON.stringify(detail),
    ]);
    this.#staged.push(finding);
  }

  /** Ends the session and waits until ingest has it, at most for `withinMs`. */
  async close(withinMs: number): Promise<void> {
    this.#flush(true);
    const spool = this.#spool;
    const writer = this.#writer;
    const until = performance.now() + withinMs;
    while (spool !== undefined && writer !== undefined && spool.accepted < writer.nextSeq - 1n) {
      if (spool.lost !== undefined || performance.now() > until) break;
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
    this.#stopping.abort();
    await this.#collecting;
    spool?.close();
  }

  /** The session begins with the first finding: who finds nothing has none. */
  #open(): BlockWriter {
    const { root, service } = this.#options;
    const session = newSessionId(Date.now());
    const description = describe(service);
    this.#spool = new Spool({
      root,
      session,
      description: api.SessionDescription.encode(description).finish(),
      quotaBytes: QUOTA_BYTES,
    });
    this.#lanes.clear();
    this.#collecting ??= this.#collect();
    this.#writer = new BlockWriter({ session, description });
    return this.#writer;
  }

  async #collect(): Promise<void> {
    const { root, address, access, log } = this.#options;
    const { signal } = this.#stopping;
    // It may be this very process, which does not serve yet.
    while (address() === "" && !signal.aborted) await delay(FLUSH_MS, signal);
    if (signal.aborted) return;
    const tell = (message: string) => log.warn("findings wait", { message });
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await collect({ root, address: address(), access, own: true, signal, tell });
      } catch (error) {
        log.error("findings are not pushed", { error: String(error) });
        await delay(backoffMs(attempt, Math.random(), AGAIN_MS, PUSH_AGAIN_MS_MAX), signal);
      }
    }
  }

  #flush(last = false): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const writer = this.#writer;
    if (writer === undefined) return;
    if (last || this.#stage.count > 0) this.#write(writer, last);
    this.#append(last);
  }

  /** Writes the stage. */
  #write(writer: BlockWriter, last: boolean): void {
    const end = last ? { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" } : undefined;
    this.#pending.push({ blocks: writer.write(this.#stage, end), findings: this.#staged });
    this.#stage.clear();
    this.#staged = [];
  }

  /** A refusing disk must not lose findings: what waits is tried again. */
  #append(last: boolean): void {
    try {
      if (this.#spool?.lost !== undefined) this.#goOn(last);
      for (let batch = this.#pending[0]; batch !== undefined; batch = this.#pending[0]) {
        for (let next = batch.blocks[0]; next !== undefined; next = batch.blocks[0]) {
          this.#spool?.append(next.seq, next.bytes, last);
          batch.blocks.shift();
        }
        this.#pending.shift();
      }
    } catch (error) {
      if (error === this.#spool?.lost) {
        this.#append(last);
        return;
      }
      this.#options.log.error("findings cannot be kept", { error: String(error), blocks: this.#pending.length });
      if (!last) this.#flushing = setTimeout(() => this.#flush(), AGAIN_MS);
    }
  }

  /** The session was deleted, or another process has ended it: what its spool has not taken goes into a new one. */
  #goOn(last: boolean): void {
    const findings = this.#pending.flatMap((batch) => batch.findings);
    this.#options.log.warn("findings go on in another session", { error: String(this.#spool?.lost) });
    if (findings.length === 0) {
      [this.#writer, this.#spool, this.#pending] = [undefined, undefined, []];
      return;
    }
    // Where the disk refuses a new one, all stays as it is and is tried again.
    const writer = this.#open();
    this.#pending = [];
    for (const finding of findings) this.#add(finding, writer);
    this.#write(writer, last);
  }
}

function describe(service: string): api.SessionDescription {
  const clock = process.hrtime.bigint();
  const wall = BigInt(Date.now()) * 1_000_000n;
  return api.SessionDescription.fromPartial({
    name: `${REPORTER_PREFIX}${service}`,
    host: hostname(),
    pid: process.pid,
    clock: api.Clock.CLOCK_MONOTONIC_UNSPECIFIED,
    clockResolution: 1n,
    start: clock,
    anchor: { clock, wall, uncertainty: 1_000_000n },
    agent: `wayward-analysis/${VERSION}`,
    flushIntervalMs: FLUSH_MS,
  });
}

/** Sessions of reporters are not analysed themselves. */
export function isReporter(description: api.SessionDescription | undefined): boolean {
  return description !== undefined && isReporterName(description.name);
}
