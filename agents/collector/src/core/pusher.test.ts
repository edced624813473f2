import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PushEffect, PushEvent } from "./events.ts";
import { PusherCore } from "./pusher.ts";

/** A server and an archive that behave as they may: they forget, repeat, refuse for a while, and go away. */
class World {
  readonly core = new PusherCore({ quotaBytes: 1e9 });
  readonly blocks: number;
  readonly spool = new Set<bigint>();
  readonly archived = new Set<bigint>();
  readonly order: bigint[] = [];
  discarded = false;
  #busSeq = 0n;
  #bus: { seq: bigint; busSeq: bigint }[] = [];
  #incarnation = 0;
  #inFlight: bigint[] = [];
  #nowMs = 0;

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  event(event: PushEvent): void {
    for (const effect of this.core.step(event)) this.#effect(effect);
  }

  connect(): void {
    this.event({ type: "connected" });
    this.event({ type: "credit", blocks: 4, bytes: 1000 });
  }

  disconnect(): void {
    this.#inFlight = [];
    this.event({ type: "disconnected" });
  }

  find(seq: bigint): void {
    this.spool.add(seq);
    this.event({ type: "found", session: "s", seq, bytes: 100 });
    if (seq === BigInt(this.blocks - 1)) this.event({ type: "ended", session: "s", lastSeq: seq });
  }

  /** The server takes the next one, or says to try later. */
  serve(takes: boolean): void {
    const seq = this.#inFlight.shift();
    if (seq === undefined) return;
    if (!takes) {
      this.event({ type: "retry", session: "s", seq, untilMs: this.#nowMs + 50 });
      return;
    }
    this.order.push(seq);
    this.#bus.push({ seq, busSeq: ++this.#busSeq });
    this.event({
      type: "ack",
      session: "s",
      seq,
      incarnation: String(this.#incarnation),
      busSeq: this.#busSeq,
      partition: 0,
      nowMs: this.#nowMs,
    });
  }

  loseBus(): void {
    this.#bus = [];
    this.#busSeq = 0n;
    this.#incarnation++;
    this.tell();
  }

  archive(): void {
    for (const { seq } of this.#bus) this.archived.add(seq);
    this.#bus = [];
    this.tell();
  }

  tell(): void {
    const ranges = [...this.archived].map((seq) => ({ first: seq, last: seq }));
    const place = {
      partition: 0,
      incarnation: String(this.#incarnation),
      busSeq: this.#busSeq - BigInt(this.#bus.length),
    };
    this.event({ type: "archived", session: "s", ...place, ranges, deleted: false });
  }

  tick(): void {
    this.#nowMs += 100;
    this.event({ type: "tick", nowMs: this.#nowMs });
  }

  #effect(effect: PushEffect): void {
    if (effect.type === "send") {
      expect(this.spool.has(effect.seq)).toBe(true);
      this.#inFlight.push(effect.seq);
      expect(this.#inFlight.length).toBeLessThanOrEqual(4);
    } else if (effect.type === "release") {
      // Never before the archive has it.
      expect(this.archived.has(effect.seq)).toBe(true);
      this.spool.delete(effect.seq);
    } else if (effect.type === "discard") {
      for (const seq of this.spool) expect(this.archived.has(seq)).toBe(true);
      this.discarded = true;
    }
  }
}

describe("a pusher", () => {
  const move = fc.constantFrom(
    "find",
    "find",
    "serve",
    "serve",
    "serve",
    "later",
    "archive",
    "tick",
    "drop",
    "lose" as const,
  );

  test("brings every block into the archive, whatever server and bus do meanwhile, and releases none before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(move, { maxLength: 120, size: "max" }), (blocks, moves) => {
        const world = new World(blocks);
        let found = 0n;
        world.connect();
        for (const what of moves) {
          if (what === "find" && found < BigInt(blocks)) world.find(found++);
          else if (what === "serve") world.serve(true);
          else if (what === "later") world.serve(false);
          else if (what === "archive") world.archive();
          else if (what === "tick") world.tick();
          else if (what === "lose") world.loseBus();
          else if (what === "drop") {
            world.disconnect();
            world.connect();
          }
        }
        while (found < BigInt(blocks)) world.find(found++);
        for (let turn = 0; turn < 200 && !world.discarded; turn++) {
          world.tick();
          world.serve(true);
          world.archive();
        }
        expect(world.archived.size).toBe(blocks);
        expect(world.discarded).toBe(true);
        expect(world.core.isDrained).toBe(true);
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  test("sends a session's blocks in order", () => {
    const world = new World(8);
    world.connect();
    for (let seq = 0n; seq < 8n; seq++) world.find(seq);
    for (let turn = 0; turn < 8; turn++) world.serve(true);
    expect(world.order).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]);
  });

  test("serves sessions in turn, however much one of them has", () => {
    const core = new PusherCore({ quotaBytes: 1e9 });
    const sent: string[] = [];
    const step = (event: PushEvent) => {
      for (const effect of core.step(event)) if (effect.type === "send") sent.push(`${effect.session}${effect.seq}`);
    };
    const find = (session: string, count: number, bytes: number) => {
      for (let seq = 0n; seq < count; seq++) step({ type: "found", session, seq, bytes });
    };
    find("a", 20, 100);
    find("b", 2, 900);
    find("c", 3, 100);
    step({ type: "connected" });
    step({ type: "credit", blocks: 4, bytes: 1000 });
    expect(sent).toEqual(["a0", "a1", "a2", "a3"]);
    // Each answer lets the next one go; a block that is large gets the room for which it waits.
    for (let answered = 0; answered < sent.length; answered++) {
      const [session = "", ...seq] = sent[answered]!;
      const ack = { incarnation: "", busSeq: 1n, partition: 0, nowMs: 0 };
      step({ type: "ack", session, seq: BigInt(seq.join("")), ...ack });
    }
    expect(sent).toHaveLength(25);
    const rest = sent.slice(4);
    expect(rest.indexOf("b0")).toBe(0);
    expect(rest.indexOf("c2")).toBeLessThan(rest.indexOf("a12"));
    expect(rest.indexOf("b1")).toBeLessThan(rest.indexOf("a12"));
  });

  test("sets aside what is refused for ever and goes on", () => {
    const core = new PusherCore({ quotaBytes: 1e9 });
    core.step({ type: "connected" });
    core.step({ type: "credit", blocks: 4, bytes: 1000 });
    core.step({ type: "found", session: "s", seq: 0n, bytes: 10 });
    expect(core.step({ type: "refused", session: "s", seq: 0n, reason: "BAD_CRC" })).toEqual([
      { type: "set-aside", session: "s", seq: 0n, reason: "BAD_CRC" },
      { type: "accepted", session: "s", upTo: 0n },
    ]);
    expect(core.step({ type: "found", session: "s", seq: 1n, bytes: 10 })).toEqual([
      { type: "send", session: "s", seq: 1n },
    ]);
    expect(core.step({ type: "refused", session: "s", seq: 1n, reason: "DELETED" })).toEqual([
      { type: "discard", session: "s", deleted: true },
    ]);
  });

  test("tells how far a session is accepted without a hole", () => {
    const world = new World(8);
    const told: bigint[] = [];
    const tell = (event: PushEvent) => {
      for (const effect of world.core.step(event)) if (effect.type === "accepted") told.push(effect.upTo);
    };
    const ack = { type: "ack", session: "s", incarnation: "", busSeq: 1n, partition: 0, nowMs: 0 } as const;
    world.connect();
    // Blocks before the first one found have left the spool long ago.
    for (const seq of [5n, 6n, 7n, 8n]) tell({ type: "found", session: "s", seq, bytes: 10 });
    tell({ ...ack, seq: 6n });
    tell({ ...ack, seq: 5n });
    tell({ type: "gone", session: "s", seq: 8n });
    tell({ ...ack, seq: 7n });
    expect(told).toEqual([6n, 8n]);
  });

  test("gives up accepted blocks above 80 % of the quota, the oldest first, never the last one", () => {
    const core = new PusherCore({ quotaBytes: 1000 });
    const released: bigint[] = [];
    const step = (event: PushEvent) => {
      for (const effect of core.step(event)) if (effect.type === "release") released.push(effect.seq);
    };
    for (let seq = 0n; seq < 9n; seq++) step({ type: "found", session: "s", seq, bytes: 100 });
    expect(released).toEqual([]);
    for (const seq of [1n, 0n, 8n]) {
      step({ type: "ack", session: "s", seq, incarnation: "", busSeq: seq, partition: 0, nowMs: 0 });
    }
    expect(released).toEqual([1n]);
    step({ type: "found", session: "s", seq: 9n, bytes: 100 });
    step({ type: "found", session: "s", seq: 10n, bytes: 100 });
    expect(released).toEqual([1n, 0n, 8n]);
  });
});
