import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { AccessSettings } from "@wayward/access";
import { type ReportedFinding, RULES } from "@wayward/analysis";
import { backoffMs, delay } from "@wayward/base";
import { type Bus, withLease } from "@wayward/bus";
import { errorFacts, type Log, type Metrics } from "@wayward/service-kit";
import type { ObserveSource } from "../observe.ts";
import { analyseCluster } from "./cluster.ts";
import { analysePartition } from "./partition.ts";
import { FindingReporter } from "./reporter.ts";
import { SHARED_CHANNEL } from "./shared-channel.ts";
import { AnalysisThread } from "./thread.ts";

export interface LiveAnalysisOptions {
  readonly source: ObserveSource;
  /** `host:port` of ingest: findings are reported there. */
  readonly ingest: () => string;
  readonly access?: AccessSettings | undefined;
  /** Folder where findings wait for ingest. */
  readonly spool: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Default 5,000 ms. */
  readonly leaseMs?: number;
  /** A wait that lasts so long is told; default 30,000 ms. */
  readonly longWaitMs?: number;
}

/** Who stops gives its last findings so much time to reach ingest. */
const CLOSE_MS = 1_000;

/** Analyses running sessions where this process holds a partition's lease, and the cluster's where it holds that one. */
export class LiveAnalyses {
  readonly #options: LiveAnalysisOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>[];
  readonly #reporter: FindingReporter;
  readonly #thread: AnalysisThread;

  constructor(options: LiveAnalysisOptions) {
    this.#options = options;
    const { source, log, metrics, spool, ingest, access, longWaitMs } = options;
    const found = metrics.counter("wayward_analysis_findings_total", "Findings reported, by rule", ["rule"]);
    // The first finding is an increase too, and can be one only from 0.
    for (const rule of Object.keys(RULES)) found.inc({ rule }, 0);
    const warming = metrics.gauge(
      "wayward_analysis_warming",
      "1 while the running sessions of a partition are replayed",
      ["partition"],
    );
    this.#reporter = new FindingReporter({ root: spool, address: ingest, access, service: "stream", log });
    const report = (finding: ReportedFinding) => {
      found.inc({ rule: finding.rule });
      try {
        this.#reporter.report(finding);
      } catch (error) {
        // A disk that refuses must not end the analyses.
        log.error("a finding cannot be kept", { rule: finding.rule, ...errorFacts(error) });
      }
    };
    const shared = (body: Uint8Array) => source.bus.announce(SHARED_CHANNEL, body);
    const thread = new AnalysisThread({ log, found: report, shared });
    this.#thread = thread;
    this.#running = Array.from({ length: source.partitions }, (_, partition) =>
      this.#hold(`analysis-${partition}`, source.bus, (signal) => {
        const tell = (is: boolean) => warming.set({ partition }, is ? 1 : 0);
        return analysePartition({ source, partition, thread, warming: tell, longWaitMs }, signal);
      }),
    );
    this.#running.push(
      this.#hold("analysis-cluster", source.bus, (signal) => analyseCluster(source.bus, report, signal)),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
    await this.#thread.close();
    await this.#reporter.close(CLOSE_MS);
  }

  /** Works whenever the lease is held, again after whatever went wrong. */
  async #hold(name: string, bus: Bus, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    const { log, leaseMs = 5_000 } = this.#options;
    const lease = { bus, name: `lease/${name}`, holder: `${hostname()}/${process.pid}/${randomUUID()}`, leaseMs };
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await (bus.facts.isPrivate ? work(signal) : withLease(lease, signal, work));
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn("live analysis has failed and begins anew", { lease: name, ...errorFacts(error) });
        await delay(backoffMs(attempt, Math.random()), signal);
      }
    }
  }
}
