import { describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { parseEnvelope, sealEnvelope } from "@wayward/block";
import fc from "fast-check";
import { Notes } from "../testing/notes.ts";
import { createRelay, HOLD_MS, keyOf, relayStep, STUCK_MS, UNNAMED_MS } from "./relay.ts";
import type { RelayEffect, RelayEvent, Relayed, RelayState } from "./relay-types.ts";

const SESSIONS = ["one", "two"].map((name) => {
  const notes = new Notes(name);
  return { text: notes.text, blocks: notes.many(12) };
});
const relayed = (session: string, bytes: Uint8Array): Relayed => ({
  tenant: "default",
  session,
  envelope: unwrap(parseEnvelope(bytes)),
});
const block = (session: number, seq: number): Relayed => {
  const { text, blocks } = SESSIONS[session]!;
  return relayed(text, blocks[seq]!);
};
/** The same identity with other bytes. */
const impostor = (session: number, seq: number): Relayed => {
  const { session: text, envelope } = block(session, seq);
  const payload = Buffer.from(envelope.payload);
  payload[payload.length - 1]! ^= 1;
  return relayed(text, sealEnvelope(envelope.headerBytes, payload));
};

/** A bus that keeps what is stored, beside a relay that hears of it as the test wants. */
class Rig {
  readonly state: RelayState = createRelay(1_000_000);
  readonly accepted: Relayed[] = [];
  readonly lost: bigint[] = [];
  incarnation = "i";
  stored = new Map<bigint, Relayed>();
  first = 1n;
  last = 0n;
  now = 0;
  /** How many times the stream was begun to be read. */
  readings = 0;
  /** A reading brings nothing. */
  stuck = false;
  #reading: bigint | undefined;

  constructor() {
    this.pass(0);
  }

  send(event: RelayEvent): void {
    for (const effect of relayStep(this.state, event)[1]) this.#perform(effect);
  }

  heard(one: Relayed): void {
    this.send({ type: "heard", block: one, now: this.now });
  }

  store(one: Relayed): bigint {
    this.stored.set(++this.last, one);
    return this.last;
  }

  announce(...busSeqs: bigint[]): void {
    const blocks = busSeqs.flatMap((busSeq) => {
      const one = this.stored.get(busSeq);
      return one === undefined
        ? []
        : [{ busSeq, key: keyOf(one.session, one.envelope.header.seq), crc32: one.envelope.crc32 }];
    });
    this.send({ type: "announced", incarnation: this.incarnation, blocks, now: this.now });
  }

  purge(upTo: bigint): void {
    for (const busSeq of this.stored.keys()) if (busSeq <= upTo) this.stored.delete(busSeq);
    if (upTo >= this.first) this.first = upTo + 1n;
  }

  /** The stream is gone and made anew. */
  recreate(): void {
    this.incarnation += "i";
    this.stored.clear();
    this.first = 1n;
    this.last = 0n;
  }

  /** A power cut takes the last messages; sequences are given again. */
  goBack(to: bigint): void {
    for (const busSeq of this.stored.keys()) if (busSeq > to) this.stored.delete(busSeq);
    if (this.last > to) this.last = to;
  }

  pass(ms: number): void {
    for (const until = this.now + ms; this.now <= until; this.now += 10) {
      this.send({ type: "tick", now: this.now });
      this.read();
    }
  }

  read(): void {
    while (this.#reading !== undefined && !this.stuck) {
      const from = this.#reading;
      const busSeq = [...this.stored.keys()].find((one) => one >= from);
      if (busSeq === undefined) return;
      this.#reading = busSeq + 1n;
      this.send({ type: "read", busSeq, block: this.stored.get(busSeq), now: this.now });
    }
  }

  #perform(effect: RelayEffect): void {
    if (effect.type === "accept") this.accepted.push(effect.block);
    if (effect.type === "lost") for (let busSeq = effect.first; busSeq <= effect.last; busSeq++) this.lost.push(busSeq);
    if (effect.type === "read") {
      this.#reading = effect.from;
      this.readings++;
    }
    if (effect.type === "stop-reading") {
      this.#reading = undefined;
      this.send({ type: "read-ended", failed: false, now: this.now });
    }
    if (effect.type !== "ask") return;
    const { incarnation, first, last, now } = this;
    this.send({ type: "bounds", incarnation, first, last, now });
  }
}

describe("the relay of a partition", () => {
  test("shows a block when ingest names it, at once and not before", () => {
    const rig = new Rig();
    rig.heard(block(0, 0));
    expect(rig.accepted).toEqual([]);
    rig.announce(rig.store(block(0, 0)));
    expect(rig.accepted).toHaveLength(1);
    rig.pass(5_000);
    expect(rig.accepted).toHaveLength(1);
  });

  test("never shows what the bus has not stored", () => {
    const rig = new Rig();
    rig.heard(block(0, 0));
    rig.heard(block(0, 1));
    rig.announce(rig.store(block(0, 1)));
    rig.pass(2 * HOLD_MS);
    expect(rig.accepted).toEqual([block(0, 1)]);
    expect(rig.state.heldBytes).toBe(0);
  });

  test("reads a lost announcement's block from the stream", () => {
    const rig = new Rig();
    for (const seq of [0, 1]) rig.heard(block(0, seq));
    rig.store(block(0, 0));
    rig.announce(rig.store(block(0, 1)));
    rig.pass(20);
    expect(rig.accepted).toEqual([block(0, 1), block(0, 0)]);
  });

  test("begins a reading anew that brings nothing although the bus has more, and not where it has not", () => {
    const rig = new Rig();
    rig.pass(5 * STUCK_MS);
    expect(rig.readings).toBe(1);
    rig.stuck = true;
    rig.store(block(0, 0));
    rig.pass(STUCK_MS + 1_100);
    expect(rig.readings).toBe(2);
    rig.stuck = false;
    rig.pass(20);
    expect(rig.accepted).toEqual([block(0, 0)]);
  });

  test("asks for a block that was heard and not named, as when ingest dies between store and announcement", () => {
    const rig = new Rig();
    rig.pass(100);
    rig.heard(block(0, 0));
    rig.store(block(0, 0));
    rig.pass(UNNAMED_MS + 40);
    expect(rig.accepted).toEqual([block(0, 0)]);
  });

  test("finds within a second what it heard nothing of", () => {
    const rig = new Rig();
    rig.store(block(0, 0));
    rig.pass(1_100);
    expect(rig.accepted).toEqual([block(0, 0)]);
  });

  test("lets the stream decide between two blocks of one identity", () => {
    const rig = new Rig();
    rig.heard(impostor(0, 0));
    rig.heard(block(0, 0));
    rig.announce(rig.store(block(0, 0)));
    expect(rig.accepted).toEqual([]);
    rig.pass(100);
    expect(rig.accepted).toEqual([block(0, 0)]);
  });

  test("tells what was purged before it could be read", () => {
    const rig = new Rig();
    for (const seq of [0, 1, 2]) rig.store(block(0, seq));
    rig.heard(block(0, 1));
    rig.announce(2n);
    rig.purge(3n);
    rig.pass(1_100);
    expect(rig.accepted).toEqual([block(0, 1)]);
    expect(rig.lost).toEqual([1n, 2n, 3n]);
  });

  test("reads a bus that was made anew, or that forgot its end, from its first message", () => {
    const rig = new Rig();
    for (const seq of [0, 1, 2]) {
      rig.heard(block(0, seq));
      rig.announce(rig.store(block(0, seq)));
    }
    rig.goBack(1n);
    rig.heard(block(1, 0));
    rig.announce(rig.store(block(1, 0)));
    rig.pass(200);
    expect(rig.accepted).toContainEqual(block(1, 0));
    rig.recreate();
    rig.store(block(1, 1));
    rig.pass(1_200);
    expect(rig.accepted).toContainEqual(block(1, 1));
  });

  test("shows whatever happens all that was stored or says that it is lost, and nothing else", () => {
    const step = fc.record({
      what: fc.constantFrom("store", "store", "store", "refuse", "purge", "recreate", "back", "resend"),
      heard: fc.boolean(),
      announced: fc.constantFrom("at once", "late", "never"),
      session: fc.nat(1),
      pause: fc.constantFrom(0, 10, 50, 300, 1_100),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rig = new Rig();
        const stored = new Set<string>();
        const next = [0, 0];
        const late: bigint[] = [];
        const archived = new Set<string>();
        for (const { what, heard, announced, session, pause } of steps) {
          const seq = what === "resend" ? Math.max(0, next[session]! - 1) : next[session]!;
          if (what === "purge") {
            for (const one of rig.stored.values()) archived.add(keyOf(one.session, one.envelope.header.seq));
            rig.purge(rig.last);
          } else if (what === "recreate" || what === "back") {
            // What goes with the bus comes again: its pusher has it.
            rig.pass(1_200);
            if (what === "back") rig.goBack(rig.last - 2n > rig.first ? rig.last - 2n : rig.first - 1n);
            else rig.recreate();
            late.length = 0;
            rig.pass(1_200);
          } else if (seq < 12) {
            const one = block(session, seq);
            if (heard) rig.heard(what === "refuse" ? impostor(session, seq) : one);
            if (what !== "refuse") {
              next[session] = seq + 1;
              const busSeq = rig.store(one);
              stored.add(keyOf(one.session, BigInt(seq)));
              if (announced === "at once") rig.announce(busSeq);
              if (announced === "late") late.push(busSeq);
            }
          }
          rig.pass(pause);
          if (pause > 0) rig.announce(...late.splice(0));
        }
        rig.pass(3_000);
        const accepted = new Set(rig.accepted.map((one) => keyOf(one.session, one.envelope.header.seq)));
        for (const key of accepted) expect(stored).toContain(key);
        for (const key of stored) {
          if (!accepted.has(key)) expect({ key, archived: archived.has(key) }).toEqual({ key, archived: true });
        }
        const shown = rig.accepted.map(({ envelope }) => envelope.bytes);
        const genuine = SESSIONS.flatMap(({ blocks }) => blocks);
        for (const bytes of shown) expect(genuine.some((one) => one.equals(bytes))).toBe(true);
        expect(rig.state.heldBytes).toBe([...rig.state.held.values()].reduce((sum, { bytes }) => sum + bytes, 0));
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
