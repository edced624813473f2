import { closeSync, fdatasync, openSync, statSync, unlinkSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type AccessSettings, accessFrom } from "@wayward/access";
import { ingest } from "@wayward/api";
import { backoffMs, delay } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { sessionText } from "@wayward/record";
import type { PushEffect, PushEvent } from "../core/events.ts";
import { PusherCore } from "../core/pusher.ts";
import { tellRest } from "../last-block.ts";
import { writeAccepted } from "../spool/accepted.ts";
import { writeControl } from "../spool/control.ts";
import { codeOf, ifThere } from "../spool/folder.ts";
import { blockFile, DEFAULT_QUOTA_BYTES, seqOf } from "../spool/layout.ts";
import { type Answer, type Connection, openConnection } from "./connection.ts";
import { Offsets } from "./offsets.ts";
import { Parcels } from "./parcels.ts";
import { Scanned } from "./scanned.ts";
import { setAside } from "./set-aside.ts";
import { Troubles } from "./troubles.ts";

export interface PusherOptions {
  /** Folder of all spools. */
  readonly root: string;
  /** `host:port` of the ingest service, or `https://host:port`. */
  readonly address: string;
  /** Key and certificates; default: what the environment names. */
  readonly access?: AccessSettings | undefined;
  /** Hears what people should know: the server is gone, is there again, has refused a block. */
  readonly tell?: (message: string) => void;
  /** Hears whether the server can be reached, at each change, and if not, why, and whether that lasts until somebody does something. */
  readonly onServer?: (state: ServerState, problem: string, lasts: boolean) => void;
  /** Bytes of blocks in one session's spool at most. Default 256 MiB. */
  readonly quotaBytes?: number;
}

/** Whether the server takes blocks. */
export type ServerState = "connected" | "unreachable";

const TICK_MS = 250;
/** So long the answers to what was sent may take after a goodbye; what has none then is sent again. */
const LEAVE_WITHIN_MS = 5_000;
/** A whole folder is read so rarely: nearly always the next block has the next number. */
const READ_FOLDER_MS = 10_000;
/** How far a session is accepted is written down at most so often. */
const ACCEPTED_EVERY_MS = 10;
/** What is said of blocks that a server was sent, and has neither taken nor given back. */
const UNANSWERED = "the server has not answered yet";

/**
 * The one call for a block that waits for the disk. The others meet what the
 * writer has just left in memory: done by another thread, each would cost
 * many times its own work in waking that and coming back.
 */
const datasync = promisify(fdatasync);

/** Takes blocks of any number of sessions from their spools to the server. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #core: PusherCore;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #scanned = new Map<string, Scanned>();
  /** How far sessions are accepted, where that is not written down yet. */
  readonly #accepted = new Map<string, bigint>();
  /** Sessions that have a last block that tells of losses. */
  readonly #restTold = new Set<string>();
  readonly #offsets: Offsets;
  readonly #parcels = new Parcels();
  readonly #troubles: Troubles;
  #writingAccepted: NodeJS.Timeout | undefined;
  #connection: Connection | undefined;
  /** The server has said goodbye. */
  #isLeaving = false;
  #lastProblem = "";
  /** Why a server that is there has not taken what waits; empty before one was. */
  #notTaken = "";
  /** File work is done one after the other, in the order of the effects. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#offsets = new Offsets(options.root);
    this.#troubles = new Troubles(options.tell);
    this.#core = new PusherCore({ quotaBytes: options.quotaBytes ?? DEFAULT_QUOTA_BYTES });
    this.#running = this.#run();
  }

  /** True if all that was found was accepted, and nothing is about to be found. */
  get isDrained(): boolean {
    return this.#core.isDrained && !this.#troubles.mayPass;
  }

  /** Blocks that the server has not accepted. */
  get waiting(): number {
    return this.#core.waiting;
  }

  /** Why blocks wait: the server cannot be reached, or does not take them. Empty before it was tried. */
  get problem(): string {
    return this.#lastProblem || this.#notTaken;
  }

  /** Looks for new blocks in a session's folder; false if there is no such folder. */
  async scan(session: string): Promise<boolean> {
    const folder = join(this.#options.root, session);
    const scanned = this.#scanned.get(session) ?? new Scanned();
    if (performance.now() < scanned.notBeforeMs) return true;
    this.#scanned.set(session, scanned);
    const work = `look for blocks in ${folder}`;
    let isThere = true;
    try {
      if (performance.now() - scanned.folderReadMs > READ_FOLDER_MS) {
        isThere = await this.#scanFolder(session, folder, scanned);
      } else {
        while (this.#find(session, folder, scanned.next, scanned)) scanned.next++;
      }
      this.#troubles.passed(work);
    } catch (error) {
      scanned.notBeforeMs = performance.now() + this.#troubles.failed(work, error);
    }
    if (!isThere) this.#scanned.delete(session);
    return isThere;
  }

  /** Stops pushing; what was not accepted stays in the spools. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close();
    await this.#running;
    await this.#work;
    this.#writeAccepted();
  }

  async #scanFolder(session: string, folder: string, scanned: Scanned): Promise<boolean> {
    const begunMs = performance.now();
    const names = await readdir(folder).catch(ifThere);
    if (names === undefined) return false;
    const listed = names.map(seqOf).filter((seq) => seq !== undefined);
    for (const seq of scanned.fresh(listed)) {
      this.#find(session, folder, seq, scanned);
      if (seq >= scanned.next) scanned.next = seq + 1n;
    }
    scanned.folderReadMs = begunMs;
    return true;
  }

  /** Takes note of a block, if it is there. Throws what the file system throws. */
  #find(session: string, folder: string, seq: bigint, scanned: Scanned): boolean {
    const file = statSync(blockFile(folder, seq), { throwIfNoEntry: false });
    if (file === undefined) return false;
    scanned.found(seq);
    this.#event({ type: "found", session, seq, bytes: file.size });
    return true;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const ticking = setInterval(() => this.#event({ type: "tick", nowMs: Date.now() }), TICK_MS).unref();
    for (let attempt = 0; !signal.aborted; attempt++) {
      const lasted = await this.#connect();
      if (lasted > 5_000) attempt = 0;
      // A server that stops says goodbye to whoever comes.
      if (!this.#isLeaving || attempt > 0) await delay(backoffMs(attempt, Math.random()), signal);
    }
    clearInterval(ticking);
  }

  /** One connection from begin to end; tells how long it lasted, in milliseconds. */
  async #connect(): Promise<number> {
    const { address, access = accessFrom(), tell } = this.#options;
    const begun = Date.now();
    this.#isLeaving = false;
    await new Promise<void>((resolve) => {
      const closed = (message: string, lasts: boolean) => {
        this.#connection = undefined;
        this.#parcels.forget();
        this.#event({ type: "disconnected" });
        // What this side has ended says nothing of the server.
        if (this.#isLeaving || this.#stop.signal.aborted) return resolve();
        if (message !== this.#lastProblem) tell?.(`${address}: ${message}; records wait in the spool`);
        this.#lastProblem = message;
        this.#options.onServer?.("unreachable", message, lasts);
        resolve();
      };
      openConnection(address, access, { answer: (event) => this.#answer(event), closed }).then(
        (connection) => {
          this.#connection = connection;
          if (this.#stop.signal.aborted) connection.close();
        },
        (error: unknown) => closed(error instanceof Error ? error.message : String(error), true),
      );
    });
    return Date.now() - begun;
  }

  #answer(event: Answer): void {
    switch (event.$case) {
      case "credit":
        if (this.#lastProblem !== "") this.#options.tell?.(`${this.#options.address}: connected again`);
        this.#lastProblem = "";
        this.#notTaken ||= UNANSWERED;
        this.#options.onServer?.("connected", "", false);
        this.#event({ type: "connected" });
        this.#event({ type: "credit", ...event.value });
        break;
      case "ack":
        this.#acknowledged(event.value);
        break;
      case "refused": {
        const { session, seq, reason, message } = event.value;
        if (session.length !== 16) break;
        this.#parcels.answered(sessionText(session), seq);
        const why = reasonName(reason);
        // Whoever deleted the session knows; a program that finds its copy in the spool has nothing to do with it.
        if (why !== "DELETED") {
          this.#options.tell?.(`block ${seq} of ${sessionText(session)} was refused: ${message}`);
        }
        this.#event({ type: "refused", session: sessionText(session), seq, reason: why });
        break;
      }
      case "retry": {
        const { session, seq, afterMs, message } = event.value;
        this.#notTaken = message;
        this.#parcels.answered(sessionText(session), seq);
        this.#event({ type: "retry", session: sessionText(session), seq, untilMs: Date.now() + afterMs });
        break;
      }
      case "archived": {
        const { session, partition, incarnation, committedBusSeq, ranges, deleted } = event.value;
        const archived = { partition, incarnation, busSeq: committedBusSeq, ranges, deleted };
        this.#event({ type: "archived", session: sessionText(session), ...archived });
        break;
      }
      case "control":
        this.#control(event.value);
        break;
      case "goodbye":
        this.#leave();
    }
  }

  /** Sends no more here, waits for the answers, and connects again. */
  #leave(): void {
    const connection = this.#connection;
    this.#isLeaving = true;
    this.#event({ type: "credit", blocks: 0, bytes: 0 });
    // Behind the blocks that are being read from the disk.
    void this.#work.then(() => connection?.close(LEAVE_WITHIN_MS));
  }

  #event(event: PushEvent): void {
    for (const effect of this.#core.step(event)) this.#do(effect);
  }

  #do(effect: PushEffect): void {
    const work = `${effect.type} in ${join(this.#options.root, effect.session)}`;
    this.#work = this.#work
      .then(() => this.#perform(effect))
      .then(() => this.#troubles.passed(work))
      .catch((error) => {
        // Another pusher has discarded the session.
        if (codeOf(error) === "ENOENT") this.#troubles.passed(work);
        else this.#again(effect, this.#troubles.failed(work, error));
      });
  }

  #again(effect: PushEffect, waitMs: number): void {
    if (effect.type === "send") {
      this.#event({ type: "retry", session: effect.session, seq: effect.seq, untilMs: Date.now() + waitMs });
      return;
    }
    const { signal } = this.#stop;
    void delay(waitMs, signal).then(() => {
      if (!signal.aborted) this.#do(effect);
    });
  }

  #acknowledged(ack: ingest.Ack): void {
    this.#notTaken = UNANSWERED;
    const { seq, incarnation, busSeq, partition, pushed, received, sent } = ack;
    const session = sessionText(ack.session);
    this.#parcels.answered(session, seq);
    const times = { sent: pushed, serverReceived: received, serverSent: sent, received: process.hrtime.bigint() };
    this.#offsets.add(session, times, performance.now());
    this.#event({ type: "ack", session, seq, incarnation, busSeq, partition, nowMs: Date.now() });
  }

  #control({ topic, revision, value }: ingest.Control): void {
    try {
      writeControl(this.#options.root, topic, revision, value);
    } catch (error) {
      this.#options.tell?.(`control topic ${topic} cannot be kept: ${error}`);
    }
  }

  async #perform(effect: PushEffect): Promise<void> {
    const { session } = effect;
    const folder = join(this.#options.root, session);
    switch (effect.type) {
      case "send":
        await this.#send(session, folder, effect.seq);
        return;
      case "release":
        remove(blockFile(folder, effect.seq));
        return;
      case "accepted":
        this.#accepted.set(session, effect.upTo);
        this.#writingAccepted ??= setTimeout(() => this.#writeAccepted(), ACCEPTED_EVERY_MS);
        return;
      case "discard":
        if (!effect.deleted && this.#tellRest(session, folder)) return;
        this.#restTold.delete(session);
        this.#scanned.delete(session);
        this.#accepted.delete(session);
        this.#offsets.forget(session);
        await rm(folder, { recursive: true, force: true });
        return;
      case "set-aside":
        await setAside(folder, effect.seq, effect.reason);
    }
  }

  #writeAccepted(): void {
    clearTimeout(this.#writingAccepted);
    this.#writingAccepted = undefined;
    for (const [session, upTo] of this.#accepted) writeAccepted(join(this.#options.root, session), upTo);
    this.#accepted.clear();
  }

  /**
   * True if a last block now tells what was lost after the writer's own: it
   * goes the way of the others. Where it is refused as well, nothing more can
   * be told.
   */
  #tellRest(session: string, folder: string): boolean {
    if (this.#restTold.has(session) || !tellRest(folder, session)) return false;
    this.#restTold.add(session);
    return true;
  }

  /** Syncs the block, then sends it: what the server has is never less durable here. */
  async #send(session: string, folder: string, seq: bigint): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const file = openThere(blockFile(folder, seq));
    if (file === undefined) {
      this.#event({ type: "gone", session, seq });
      return;
    }
    try {
      await datasync(file);
      const parcel = this.#parcels.read(file);
      const parsed = parseEnvelope(parcel.block);
      if (parsed.error !== undefined) {
        this.#parcels.giveBack(parcel);
        this.#event({ type: "refused", session, seq, reason: "DAMAGED" });
        this.#options.tell?.(`block ${seq} in ${folder} is damaged: ${parsed.error.message}`);
        return;
      }
      const { end } = parsed.value.header;
      connection.send(parcel.message(process.hrtime.bigint()));
      this.#parcels.sent(session, seq, parcel);
      if (end !== undefined) this.#event({ type: "ended", session, lastSeq: end.lastSeq });
    } finally {
      closeSync(file);
    }
  }
}

/** Opens a file to read it; undefined if it is not there. */
function openThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    return ifThere(error);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    ifThere(error);
  }
}

/** `DELETED` of REASON_DELETED. */
function reasonName(reason: ingest.Reason): string {
  const found = Object.entries(ingest.Reason).find(([, number]) => number === reason);
  return (found?.[0] ?? `REASON_${reason}`).slice("REASON_".length);
}
