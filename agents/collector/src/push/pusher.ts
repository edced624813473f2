import { appendFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ingest } from "@wayward/api";
import { backoffMs, delay } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { sessionText } from "@wayward/record";
import { type PushEffect, type PushEvent, PusherCore } from "../core/pusher.ts";
import { blockFile, LOSSES, REFUSED, seqOf } from "../spool/layout.ts";
import { type Answer, type Connection, openConnection } from "./connection.ts";

export interface PusherOptions {
  /** Folder of all spools. */
  readonly root: string;
  /** `host:port` of the ingest service. */
  readonly address: string;
  /** Hears what people should know: the server is gone, is there again, has refused a block. */
  readonly tell?: (message: string) => void;
}

const TICK_MS = 250;

/** Takes blocks of any number of sessions from their spools to the server. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #core = new PusherCore();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #scanned = new Map<string, Set<bigint>>();
  #connection: Connection | undefined;
  #lastProblem = "";
  /** File work is done one after the other, in the order of the effects. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** True if all that was found was accepted. */
  get isDrained(): boolean {
    return this.#core.isDrained;
  }

  /** Blocks that the server has not accepted. */
  get waiting(): number {
    return this.#core.waiting;
  }

  /** Why the server cannot be reached, or empty. */
  get problem(): string {
    return this.#connection === undefined ? this.#lastProblem : "";
  }

  /** Looks for new blocks in a session's folder. */
  async scan(session: string): Promise<void> {
    const folder = join(this.#options.root, session);
    const seen = this.#scanned.get(session) ?? new Set<bigint>();
    this.#scanned.set(session, seen);
    let names: string[];
    try {
      names = await readdir(folder);
    } catch {
      return;
    }
    const fresh = names.map(seqOf).filter((seq) => seq !== undefined && !seen.has(seq)) as bigint[];
    fresh.sort((a, b) => (a < b ? -1 : 1));
    for (const seq of fresh) {
      seen.add(seq);
      await this.#find(session, folder, seq);
    }
  }

  /** Stops pushing; what was not accepted stays in the spools. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close();
    await this.#running;
    await this.#work;
  }

  async #find(session: string, folder: string, seq: bigint): Promise<void> {
    try {
      const { size } = await stat(blockFile(folder, seq));
      this.#event({ type: "found", session, seq, bytes: size });
    } catch {
      // Released by another pusher.
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const ticking = setInterval(() => this.#event({ type: "tick", nowMs: Date.now() }), TICK_MS).unref();
    for (let attempt = 0; !signal.aborted; attempt++) {
      const lasted = await this.#connect();
      if (lasted > 5_000) attempt = 0;
      await delay(backoffMs(attempt, Math.random()), signal);
    }
    clearInterval(ticking);
  }

  /** One connection from begin to end; tells how long it lasted, in milliseconds. */
  async #connect(): Promise<number> {
    const { address, tell } = this.#options;
    const begun = Date.now();
    await new Promise<void>((resolve) => {
      const closed = (message: string) => {
        this.#connection = undefined;
        if (message !== this.#lastProblem && !this.#stop.signal.aborted) tell?.(`${address}: ${message}`);
        this.#lastProblem = message;
        this.#event({ type: "disconnected" });
        resolve();
      };
      openConnection(address, { answer: (event) => this.#answer(event), closed }).then(
        (connection) => {
          this.#connection = connection;
          if (this.#stop.signal.aborted) connection.close();
        },
        (error: unknown) => closed(String(error)),
      );
    });
    return Date.now() - begun;
  }

  #answer(event: Answer): void {
    switch (event.$case) {
      case "credit":
        this.#lastProblem = "";
        this.#event({ type: "connected" });
        this.#event({ type: "credit", ...event.value });
        break;
      case "ack": {
        const { session, seq, incarnation, busSeq, partition } = event.value;
        this.#event({
          type: "ack",
          session: sessionText(session),
          seq,
          incarnation,
          busSeq,
          partition,
          nowMs: Date.now(),
        });
        break;
      }
      case "refused": {
        const { session, seq, reason, message } = event.value;
        if (session.length !== 16) break;
        this.#options.tell?.(`block ${seq} of ${sessionText(session)} was refused: ${message}`);
        this.#event({ type: "refused", session: sessionText(session), seq, reason: reasonName(reason) });
        break;
      }
      case "retry": {
        const { session, seq, afterMs } = event.value;
        this.#event({ type: "retry", session: sessionText(session), seq, untilMs: Date.now() + afterMs });
        break;
      }
      case "archived": {
        const { session, partition, incarnation, committedBusSeq, ranges, deleted } = event.value;
        const archived = { partition, incarnation, busSeq: committedBusSeq, ranges, deleted };
        this.#event({ type: "archived", session: sessionText(session), ...archived });
        break;
      }
      case "goodbye":
        this.#connection?.close();
    }
  }

  #event(event: PushEvent): void {
    for (const effect of this.#core.step(event)) {
      this.#work = this.#work
        .then(() => this.#perform(effect))
        .catch((error) => this.#options.tell?.(`spool: ${error}`));
    }
  }

  async #perform(effect: PushEffect): Promise<void> {
    const folder = join(this.#options.root, effect.session);
    if (effect.type === "send") await this.#send(effect.session, folder, effect.seq);
    else if (effect.type === "release") await rm(blockFile(folder, effect.seq), { force: true });
    else if (effect.type === "discard") {
      this.#scanned.delete(effect.session);
      await rm(folder, { recursive: true, force: true });
    } else {
      await mkdir(join(folder, REFUSED), { recursive: true });
      await rename(blockFile(folder, effect.seq), blockFile(join(folder, REFUSED), effect.seq));
      const loss = { seq: String(effect.seq), cause: effect.reason };
      await appendFile(join(folder, LOSSES), `${JSON.stringify(loss)}\n`);
    }
  }

  /** Syncs the block, then sends it: what the server has is never less durable here. */
  async #send(session: string, folder: string, seq: bigint): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const file = await open(blockFile(folder, seq), "r");
    try {
      await file.datasync();
      const bytes = await file.readFile();
      const parsed = parseEnvelope(bytes);
      if (parsed.error !== undefined) {
        this.#event({ type: "refused", session, seq, reason: "DAMAGED" });
        this.#options.tell?.(`block ${seq} in ${folder} is damaged: ${parsed.error.message}`);
        return;
      }
      const { end } = parsed.value.header;
      connection.send(bytes);
      if (end !== undefined) this.#event({ type: "ended", session, lastSeq: end.lastSeq });
    } finally {
      await file.close();
    }
  }
}

/** `DELETED` of REASON_DELETED. */
function reasonName(reason: ingest.Reason): string {
  const found = Object.entries(ingest.Reason).find(([, number]) => number === reason);
  return (found?.[0] ?? `REASON_${reason}`).slice("REASON_".length);
}
