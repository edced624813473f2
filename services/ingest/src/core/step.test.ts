import { describe, expect, test } from "@jest/globals";
import { block as blockApi } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, LIMITS, parseEnvelope, Stage, sealEnvelope } from "@wayward/block";
import { newSessionId, noteText, sessionText } from "@wayward/record";
import fc from "fast-check";
import { PROCESS_BYTES_MAX, STREAM_CREDIT } from "./credit.ts";
import { FOLLOWED_MAX, follow } from "./follow.ts";
import type { StreamId } from "./followers.ts";
import { createState, step } from "./step.ts";
import type { Answer, Effect, Event, IngestState, Pushed } from "./types.ts";

const SESSIONS = [1, 2, 3].map((wallMs) => newSessionId(wallMs));
const BLOCKS = SESSIONS.map((session) => {
  const writer = new BlockWriter({ session, description: blockApi.SessionDescription.fromPartial({ name: "x" }) });
  const stage = new Stage();
  stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: 1n }, ["note"]);
  return writer.write(stage)[0]!.bytes;
});
const GARBAGE = Buffer.from("garbage");

/** Header and payload of a valid envelope as large as they come; nobody here opens its payload. */
function largeParts(): [Uint8Array, Buffer] {
  const { header } = unwrap(parseEnvelope(BLOCKS[0]!));
  const payload = Buffer.alloc(LIMITS.payloadBytes);
  const lengths = { dictionaryLength: 0, summaryLength: 0, openSetLength: 0, columnsLength: payload.length };
  return [blockApi.BlockHeader.encode({ ...header, ...lengths }).finish(), payload];
}

const watermark = (index: number, deleted = false, tenant = "default"): Event => ({
  type: "watermark",
  tenant,
  archived: {
    session: Buffer.from(SESSIONS[index]!),
    partition: 0,
    incarnation: "i",
    committedBusSeq: 1n,
    ranges: [],
    deleted,
  },
});

/** Plays the shell: keeps what is on its way to the bus, and checks every effect. */
class Shell {
  readonly state: IngestState = createState();
  readonly publishing: Pushed[] = [];
  #publishingBytes = 0;
  readonly open = new Set<StreamId>();
  readonly ended = new Set<StreamId>();
  readonly paused = new Set<StreamId>();
  readonly answers = new Map<StreamId, Answer["$case"][]>();
  readonly asked: string[] = [];
  announced = 0;
  stored = 0;

  send(event: Event): Effect[] {
    const effects = step(this.state, event)[1];
    for (const effect of effects) this.#check(effect);
    expect(this.state.inFlight).toEqual({
      blocks: this.publishing.length,
      bytes: this.#publishingBytes,
    });
    return effects;
  }

  start(stream: StreamId, tenant = "default"): void {
    this.open.add(stream);
    this.answers.set(stream, []);
    this.send({ type: "opened", stream, tenant });
  }

  push(stream: StreamId, bytes: Uint8Array): void {
    this.send({ type: "pushed", stream, bytes, pushed: 1n, received: 2n });
  }

  /** The bus answers the n-th block on its way. */
  settle(index: number, isStored: boolean): void {
    const [block] = this.publishing.splice(index, 1);
    if (block === undefined) return;
    this.#publishingBytes -= block.bytes.length;
    if (isStored) this.stored++;
    const place = { partition: 0, incarnation: "i", busSeq: BigInt(this.stored) };
    this.send(isStored ? { type: "stored", block, place, now: 3n } : { type: "not-stored", block, message: "full" });
  }

  count(stream: StreamId, ...kinds: Answer["$case"][]): number {
    return this.answers.get(stream)!.filter((kind) => kinds.includes(kind)).length;
  }

  #check(effect: Effect): void {
    if (effect.type === "announce") {
      this.announced++;
      return;
    }
    if (effect.type === "publish") {
      this.publishing.push(effect.block);
      this.#publishingBytes += effect.block.bytes.length;
      return;
    }
    expect(this.open).toContain(effect.stream);
    expect(this.ended).not.toContain(effect.stream);
    if (effect.type === "answer") this.answers.get(effect.stream)!.push(effect.answer.$case);
    if (effect.type === "read-watermark") this.asked.push(effect.session);
    if (effect.type === "end") this.ended.add(effect.stream);
    // Each pause and each resume changes something.
    if (effect.type === "pause") expect(this.paused).not.toContain(effect.stream);
    if (effect.type === "pause") this.paused.add(effect.stream);
    if (effect.type === "resume") expect(this.paused.delete(effect.stream)).toBe(true);
  }
}

/** What happens, to which of three streams, and to which of three sessions or blocks under way. */
const happening = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("push", "stored") },
    { weight: 1, arbitrary: fc.constantFrom("garbage", "not-stored", "watermark", "piled-up", "drained") },
    { weight: 1, arbitrary: fc.constantFrom("half-closed", "closed", "deleted", "aged") },
  ),
  fc.nat(2),
  fc.nat(2),
);

/** Carries out one happening; tells how many answers it obliges the core to give, at once or later. */
function happen(shell: Shell, what: string, stream: StreamId, which: number): number {
  switch (what) {
    case "push":
    case "garbage":
      shell.push(stream, what === "push" ? BLOCKS[which]! : GARBAGE);
      return 1;
    case "stored":
    case "not-stored":
      shell.settle(which, what === "stored");
      return 0;
    case "watermark":
    case "deleted":
      shell.send(watermark(which, what === "deleted"));
      return 0;
    case "half-closed":
    case "piled-up":
    case "drained":
    case "aged":
      shell.send({ type: what, stream });
      return 0;
    default:
      shell.send({ type: "closed", stream });
      shell.open.delete(stream);
      return 0;
  }
}

describe("the core of a push", () => {
  test("answers each block once and ends every stream, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const shell = new Shell();
        const owed = [0, 0, 0];
        for (const stream of [0, 1, 2]) shell.start(stream);
        for (const [what, stream, which] of happenings) {
          // A pusher that has gone or has ended its side sends nothing.
          if (!shell.open.has(stream) || shell.state.streams.get(stream)!.halfClosed) continue;
          owed[stream]! += happen(shell, what, stream, which);
        }
        shell.send({ type: "stop" });
        for (const stream of shell.open) shell.push(stream, BLOCKS[0]!);
        while (shell.publishing.length > 0) shell.settle(0, true);
        expect(shell.announced).toBe(shell.stored);
        for (const stream of shell.open) {
          expect(shell.ended).toContain(stream);
          expect(shell.count(stream, "ack", "refused", "retry")).toBe(owed[stream]);
        }
      }),
    );
  });

  test("reads no stream while the process has too much under way, and all again after", () => {
    const shell = new Shell();
    const large = sealEnvelope(...largeParts());
    const perStream = Math.floor(STREAM_CREDIT.bytes / large.length);
    const streams = Math.ceil(PROCESS_BYTES_MAX / (large.length * perStream));
    for (let stream = 0; stream < streams; stream++) {
      shell.start(stream);
      for (let count = 0; count < perStream; count++) shell.push(stream, large);
    }
    expect(shell.paused.size).toBe(streams);
    shell.start(streams);
    expect(shell.paused.size).toBe(streams + 1);
    while (shell.state.inFlight.bytes > PROCESS_BYTES_MAX) shell.settle(0, true);
    expect(shell.paused.size).toBe(0);
  });

  test("tells a pusher that reads its answers again only the last watermark", () => {
    const shell = new Shell();
    shell.start(0);
    shell.push(0, BLOCKS[0]!);
    shell.send({ type: "piled-up", stream: 0 });
    for (let count = 0; count < 100; count++) shell.send(watermark(0));
    expect(shell.count(0, "archived")).toBe(0);
    shell.asked.length = 0;
    shell.send({ type: "drained", stream: 0 });
    expect(shell.asked).toEqual([sessionText(SESSIONS[0]!)]);
    shell.send(watermark(1));
    expect(shell.count(0, "archived")).toBe(0);
  });

  test("tells a stream its tenant's settings when it opens, and only the last ones after it did not read", () => {
    const shell = new Shell();
    const set = (tenant: string, revision: bigint) => {
      const control = { topic: "control/levels", revision, value: Buffer.from(`${revision}`) };
      return shell.send({ type: "control", tenant, control });
    };
    set("default", 1n);
    set("other", 2n);
    shell.start(0);
    expect(shell.count(0, "control")).toBe(1);
    expect(set("default", 1n)).toEqual([]);
    shell.send({ type: "piled-up", stream: 0 });
    for (let revision = 3n; revision < 100n; revision++) set("default", revision);
    expect(shell.count(0, "control")).toBe(1);
    const effects = shell.send({ type: "drained", stream: 0 });
    const told = effects.flatMap((effect) => (effect.type === "answer" ? [effect.answer] : []));
    expect(told).toMatchObject([{ $case: "control", value: { revision: 99n } }]);
  });

  test("forgets who followed what when a stream closes", () => {
    const shell = new Shell();
    shell.start(0);
    for (const block of BLOCKS) shell.push(0, block);
    expect(shell.state.followers.size).toBe(3);
    shell.send({ type: "closed", stream: 0 });
    expect(shell.state.followers.size).toBe(0);
    expect(shell.state.inFlight.blocks).toBe(3);
  });

  test("tells a tenant's watermarks to no other, nor refuses another's session of the same id", () => {
    const shell = new Shell();
    shell.start(0);
    shell.start(1, "other");
    for (const stream of [0, 1]) shell.push(stream, BLOCKS[0]!);
    shell.send(watermark(0, false, "other"));
    expect([shell.count(0, "archived"), shell.count(1, "archived")]).toEqual([0, 1]);
    shell.send(watermark(0, true, "other"));
    for (const stream of [0, 1]) shell.push(stream, BLOCKS[0]!);
    expect([shell.count(0, "refused"), shell.count(1, "refused")]).toEqual([0, 1]);
  });

  test("hears of so many sessions at most: a stream gives up its own oldest one, else the oldest of all", () => {
    const { state } = new Shell();
    const streams = FOLLOWED_MAX.process / FOLLOWED_MAX.stream;
    const opened = (id: StreamId) => {
      step(state, { type: "opened", stream: id, tenant: "default" });
      return state.streams.get(id)!;
    };
    for (let id = 0; id < streams; id++) {
      const stream = opened(id);
      for (let at = 0; at <= FOLLOWED_MAX.stream; at++) follow(state, id, stream, `${id}-${at}`);
      expect([stream.sessions.size, stream.sessions.has(`${id}-0`)]).toEqual([FOLLOWED_MAX.stream, false]);
    }
    expect(state.followers.size).toBe(FOLLOWED_MAX.process);
    const late = opened(streams);
    follow(state, streams, late, "first");
    expect(state.streams.get(0)!.sessions.has("0-1")).toBe(false);
    follow(state, streams, late, "second");
    expect([...late.sessions]).toEqual(["second"]);
    expect(state.followers.size).toBe(FOLLOWED_MAX.process);
    for (let id = 0; id <= streams; id++) step(state, { type: "closed", stream: id });
    expect(state.followers.size).toBe(0);
  });

  test("ends a stream whose pusher has ended its side once all is answered, not before", () => {
    const shell = new Shell();
    shell.start(0);
    shell.push(0, BLOCKS[0]!);
    shell.push(0, BLOCKS[1]!);
    shell.send({ type: "half-closed", stream: 0 });
    shell.settle(0, true);
    expect(shell.ended.size).toBe(0);
    shell.settle(0, false);
    expect(shell.ended).toContain(0);
    expect([shell.count(0, "ack"), shell.count(0, "retry")]).toEqual([1, 1]);
  });

  test("takes blocks after the goodbye of an old stream, until it has ended its side", () => {
    const shell = new Shell();
    shell.start(0);
    shell.start(1);
    shell.push(0, BLOCKS[0]!);
    shell.send({ type: "aged", stream: 0 });
    shell.push(0, BLOCKS[1]!);
    shell.send({ type: "half-closed", stream: 0 });
    while (shell.publishing.length > 0) shell.settle(0, true);
    expect([shell.count(0, "goodbye"), shell.count(0, "ack")]).toEqual([1, 2]);
    expect([...shell.ended]).toEqual([0]);
  });

  test("ends an old stream that does not go, once what it has taken is answered", () => {
    const shell = new Shell();
    shell.start(0);
    shell.push(0, BLOCKS[0]!);
    shell.send({ type: "aged", stream: 0 });
    shell.send({ type: "overdue", stream: 0 });
    shell.push(0, BLOCKS[1]!);
    expect(shell.ended.size).toBe(0);
    expect(shell.publishing).toHaveLength(1);
    shell.settle(0, true);
    expect(shell.ended).toContain(0);
    expect(shell.count(0, "ack", "refused", "retry")).toBe(1);
  });

  test("says goodbye to who comes while it stops", () => {
    const shell = new Shell();
    shell.send({ type: "stop" });
    shell.start(0);
    expect(shell.answers.get(0)).toEqual(["goodbye"]);
    expect(shell.ended).toContain(0);
  });
});
