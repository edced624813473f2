import { expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { digestOf, FORMAT, MAGIC, parseEnvelope, sealEnvelope } from "@wayward/block";
import {
  type ArchivedSession,
  applyEntry,
  decodeEntry,
  entryHash,
  type LogAction,
  PartitionState,
} from "@wayward/chunk";
import { newSessionId, sessionText } from "@wayward/record";
import fc from "fast-check";
import { identity } from "./sort.ts";
import { step } from "./step.ts";
import type { ArchiveState, Effect, Event, Incoming } from "./types.ts";

const NO_RANDOM = Buffer.alloc(10);

/** A block of session 0 to 2; `variant` makes another digest. */
function incoming(session: number, seq: number, variant: number): Incoming {
  const id = Buffer.from(newSessionId(session + 1, NO_RANDOM));
  const description = api.SessionDescription.fromPartial({ name: `variant ${variant}` });
  const header = api.BlockHeader.fromPartial({
    magic: MAGIC,
    format: FORMAT,
    session: id,
    seq: BigInt(seq),
    description,
  });
  const bytes = sealEnvelope(api.BlockHeader.encode(header).finish(), Buffer.alloc(0));
  const envelope = unwrap(parseEnvelope(bytes));
  const digest = digestOf(envelope).toString("hex");
  const text = sessionText(id);
  return { session: text, id, seq: BigInt(seq), digest, envelope, bytes, deadLetterKey: `${text}-${seq}-${digest}` };
}

/** What a store would keep. */
class World {
  readonly log: Buffer[] = [];
  readonly chunks = new Map<string, readonly Incoming[]>();
  readonly aside = new Set<string>();
  #attempts = 0;

  perform(effect: Exclude<Effect, { type: "done" }>, state: ArchiveState): Event {
    if (effect.type === "store-chunk") {
      const key = `c/${this.#attempts++}`;
      this.chunks.set(key, effect.blocks);
      return { type: "chunk-stored", chunk: { key, bytes: 1n, sha256: Buffer.alloc(32) } };
    }
    if (effect.type === "store-dead-letters") {
      for (const { deadLetterKey } of effect.blocks) this.aside.add(deadLetterKey);
      return { type: "dead-letters-stored", blocks: effect.blocks };
    }
    if (effect.type === "read-digests") {
      const known = new Map<string, string>();
      for (const block of effect.blocks) {
        const key = state.log.chunkOf(block.session, block.seq)?.key ?? "";
        const found = this.chunks.get(key)?.find((other) => identity(other) === identity(block));
        known.set(identity(block), found?.digest ?? "");
      }
      return { type: "digests", known };
    }
    this.log[Number(effect.n)] ??= effect.bytes;
    return { type: "log-entry", bytes: this.log[Number(effect.n)]! };
  }

  load(): PartitionState {
    const state = new PartitionState();
    for (const bytes of this.log) applyEntry(state, decodeEntry(bytes), entryHash(bytes));
    return state;
  }

  /** After every entry, no committed block is one that came behind where the log says that it reaches. */
  expectReach(bus: readonly Incoming[]): void {
    const state = new PartitionState();
    let through = 0n;
    for (const bytes of this.log) {
      const entry = decodeEntry(bytes);
      applyEntry(state, entry, entryHash(bytes));
      expect(state.through).toBeGreaterThanOrEqual(through);
      through = state.through!;
      const { action } = entry;
      if (action?.$case !== "commit") continue;
      const came = bus.slice(0, Number(through));
      for (const { session, ranges } of action.value.sessions) {
        for (const block of this.chunks.get(action.value.chunk!.key)!) {
          const isListed = ranges.some(({ first, last }) => first <= block.seq && block.seq <= last);
          if (isListed && block.id.equals(session)) expect(came).toContain(block);
        }
      }
    }
  }

  /** Identity to digest of every block that the log lists, checking that none is listed twice. */
  committed(): Map<string, string> {
    const all = new Map<string, string>();
    for (const { action } of this.log.map(decodeEntry)) {
      if (action?.$case !== "commit") continue;
      for (const { session, ranges } of action.value.sessions) {
        for (const { first, last } of ranges) {
          for (let seq = first; seq <= last; seq++) {
            const key = `${sessionText(session)}/${seq}`;
            expect(all.has(key)).toBe(false);
            // Throws if a chunk that counts was removed.
            const blocks = this.chunks.get(action.value.chunk!.key)!;
            all.set(key, blocks.find((block) => identity(block) === key)!.digest);
          }
        }
      }
    }
    return all;
  }
}

interface Runner {
  state: ArchiveState;
  effect: Effect | undefined;
  at: number;
  /** Chunks that an entry gives up. */
  removing?: readonly string[];
}

const message = fc.tuple(fc.nat(2), fc.nat(4), fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.constant(1)));
/** Who moves next, and what befalls the move. */
const SWEEPER = 2;
const move = fc.tuple(fc.nat(SWEEPER), fc.constantFrom("ok", "ok", "ok", "ok", "refused", "answer lost", "killed"));
const MOVES_MAX = 60;
/** A session that somebody deletes or retention lets go, and before which move. */
const removal = fc.record({ session: fc.nat(2), how: fc.constantFrom("delete", "expire"), at: fc.nat(MOVES_MAX) });

test("every accepted block is committed once by two racing archivers beside a sweeper, whatever fails, and none is invented", () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 14 }),
      fc.array(move, { maxLength: MOVES_MAX }),
      fc.array(removal, { maxLength: 3 }),
      (sent, moves, removals) => {
        const bus = sent.map(([session, seq, variant]) => incoming(session, seq, variant));
        const world = new World();
        const runners = [0, 1].map((id): Runner => start(world, id));
        const sweeper = start(world, SWEEPER);
        for (let turn = 0; turn <= MOVES_MAX; turn++) {
          for (const { session, how, at } of removals) if (at === turn) remove(world, incoming(session, 0, 0).id, how);
          const [who, fate] = moves[turn] ?? [];
          if (who === undefined || fate === undefined) continue;
          if (who === SWEEPER) sweep(world, sweeper, fate);
          else advance(world, bus, runners, who, fate);
        }
        for (const who of [0, 1]) {
          for (let turn = 0; turn < 300 && runners[who]!.at < bus.length; turn++)
            advance(world, bus, runners, who, "ok");
          expect(runners[who]!.at).toBe(bus.length);
        }
        const committed = world.committed();
        world.expectReach(bus);
        const state = world.load();
        for (const block of bus) {
          const digest = committed.get(identity(block));
          const session = state.sessions.get(block.session)!;
          if (session.deleted) continue;
          expect(digest).toBeDefined();
          if (digest !== block.digest && !hasExpired(session)) expect(world.aside.has(block.deadLetterKey)).toBe(true);
          // What came after it had expired is there, and stays.
          const isKept =
            !session.expired && session.letGo.every(({ first, last }) => block.seq < first || block.seq > last);
          const chunk = state.chunkOf(block.session, block.seq);
          expect(isKept).toBe(chunk !== undefined && !session.expired);
          if (isKept) expect(state.unreferenced.has(chunk!.key)).toBe(false);
        }
        for (const [key, digest] of committed) {
          expect(bus.some((block) => identity(block) === key && block.digest === digest)).toBe(true);
        }
      },
    ),
    { seed: 7, numRuns: 400 },
  );
});

/** What somebody else than the two writes. */
function remove(world: World, session: Buffer, how: string): void {
  const action: LogAction =
    how === "delete" ? { $case: "delete", value: { session } } : { $case: "expire", value: { sessions: [session] } };
  const runner: Runner = start(world, 3);
  let [, [effect]] = step(runner.state, { type: "append", action, now: 0n }) as [ArchiveState, [Effect]];
  while (effect.type !== "done") {
    [, [effect]] = step(runner.state, world.perform(effect, runner.state)) as [ArchiveState, [Effect]];
  }
}

function start(world: World, id: number): Runner {
  return { state: { log: world.load(), writer: Buffer.alloc(16, id), task: undefined }, effect: undefined, at: 0 };
}

function advance(world: World, bus: readonly Incoming[], runners: Runner[], who: number, fate: string): void {
  const runner = runners[who]!;
  if (fate === "killed") {
    // Done to the store or not, the process remembers nothing; the bus still has all.
    runners[who] = start(world, who);
    return;
  }
  if (runner.effect === undefined || runner.effect.type === "done") {
    if (runner.at >= bus.length) return;
    const blocks = bus.slice(runner.at, runner.at + 4);
    const busSeq = BigInt(runner.at + blocks.length);
    runner.effect = step(runner.state, { type: "batch", blocks, busSeq, incarnation: "a", now: BigInt(who) })[1][0]!;
  } else {
    const done = fate === "refused" ? undefined : world.perform(runner.effect, runner.state);
    const event: Event = done === undefined || fate === "answer lost" ? { type: "failed" } : done;
    runner.effect = step(runner.state, event)[1][0]!;
  }
  if (runner.effect.type !== "done") return;
  // From here on the bus may be purged: all of the batch must be safe now, whatever the other one does later.
  const committed = world.committed();
  for (const block of bus.slice(runner.at, Number(runner.effect.busSeq))) {
    const digest = committed.get(identity(block));
    const session = world.load().sessions.get(block.session);
    // What an expired one had before cannot be compared any more, but it had it.
    const isCopy = digest === block.digest || (digest !== undefined && hasExpired(session));
    expect(isCopy || world.aside.has(block.deadLetterKey) || session?.deleted === true).toBe(true);
  }
  runner.at = Number(runner.effect.busSeq);
}

/** One step of removing chunks that no entry names, however young they are; what it knows of the log may be old. */
function sweep(world: World, sweeper: Runner, fate: string): void {
  if (sweeper.effect === undefined) {
    const { holders, unreferenced } = sweeper.state.log;
    const keys = [...world.chunks.keys()].filter((key) => !holders.has(key) && !unreferenced.has(key));
    if (keys.length === 0) return;
    sweeper.removing = keys;
    sweeper.effect = step(sweeper.state, {
      type: "append",
      action: { $case: "collect", value: { keys } },
      now: 0n,
    })[1][0]!;
  } else if (sweeper.effect.type === "done") {
    for (const key of sweeper.removing ?? []) if (!sweeper.state.log.holders.has(key)) world.chunks.delete(key);
    sweeper.effect = undefined;
  } else {
    const done = fate === "refused" ? undefined : world.perform(sweeper.effect, sweeper.state);
    const event: Event = done === undefined || fate === "answer lost" ? { type: "failed" } : done;
    sweeper.effect = step(sweeper.state, event)[1][0]!;
  }
}

function hasExpired(session: ArchivedSession | undefined): boolean {
  return session !== undefined && (session.expired || session.letGo.length > 0);
}
