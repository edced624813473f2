import { hostname } from "node:os";
import type { AccessSettings } from "@wayward/access";
import type { ReportedFinding } from "@wayward/analysis";
import { block as api } from "@wayward/api";
import { delay, VERSION, WaywardError } from "@wayward/base";
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

/** Reports findings as records, through ingest like any agent: one session a process, one lane a rule. */
export class FindingReporter {
  readonly #options: ReporterOptions;
  readonly #stage = new Stage();
  readonly #lanes = new Map<string, number>();
  readonly #stopping = new AbortController();
  /** Blocks that the spool has not taken yet, in order: their seqs are given. */
  readonly #pending: WrittenBlock[] = [];
  #writer: BlockWriter | undefined;
  #spool: Spool | undefined;
  #collecting: Promise<unknown> = Promise.resolve();
  #flushing: NodeJS.Timeout | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Throws where the disk has refused for so long that no more findings can wait. */
  report(finding: ReportedFinding): void {
    const waiting = this.#pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (waiting > PENDING_BYTES_MAX)
      throw new WaywardError(
        "RESOURCE_EXHAUSTED",
        "SPOOL_FULL",
        `findings: ${waiting} bytes wait for the disk, at most ${PENDING_BYTES_MAX}`,
      );
    const writer = this.#open();
    const { dictionary } = writer;
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
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Ends the session and waits until ingest has it, at most for `withinMs`. */
  async close(withinMs: number): Promise<void> {
    this.#flush(true);
    const spool = this.#spool;
    const writer = this.#writer;
    const until = performance.now() + withinMs;
    while (spool !== undefined && writer !== undefined && spool.accepted < writer.nextSeq - 1n) {
      if (performance.now() > until) break;
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
    this.#stopping.abort();
    await this.#collecting;
    spool?.close();
  }

  /** The session begins with the first finding: who finds nothing has none. */
  #open(): BlockWriter {
    if (this.#writer !== undefined) return this.#writer;
    const { root, service } = this.#options;
    const session = newSessionId(Date.now());
    const description = describe(service);
    this.#spool = new Spool({
      root,
      session,
      description: api.SessionDescription.encode(description).finish(),
      quotaBytes: QUOTA_BYTES,
    });
    this.#writer = new BlockWriter({ session, description });
    this.#collecting = this.#collect();
    return this.#writer;
  }

  async #collect(): Promise<void> {
    const { root, address, access, log } = this.#options;
    const { signal } = this.#stopping;
    // It may be this very process, which does not serve yet.
    while (address() === "" && !signal.aborted) await delay(FLUSH_MS, signal);
    if (signal.aborted) return;
    const tell = (message: string) => log.warn("findings wait", { message });
    try {
      await collect({ root, address: address(), access, own: true, signal, tell });
    } catch (error) {
      log.error("findings are not pushed", { error: String(error) });
    }
  }

  #flush(last = false): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const writer = this.#writer;
    if (writer === undefined) return;
    const end = last ? { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" } : undefined;
    const made = last || this.#stage.count > 0 ? writer.write(this.#stage, end) : [];
    this.#stage.clear();
    this.#pending.push(...made);
    this.#append(last);
  }

  /** A refusing disk must not lose findings: what waits is tried again. */
  #append(last: boolean): void {
    try {
      for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
        this.#spool?.append(next.seq, next.bytes, last);
        this.#pending.shift();
      }
    } catch (error) {
      this.#options.log.error("findings cannot be kept", { error: String(error), blocks: this.#pending.length });
      if (!last) this.#flushing = setTimeout(() => this.#flush(), AGAIN_MS);
    }
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
