import { type ReportedFinding, SessionAnalysis } from "@wayward/analysis";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, Dictionary, type FieldValue, parseEnvelope, Stage, sections } from "@wayward/block";
import { type Kind, lockAcquired, lockReleased, newSessionId, pauseIo, sessionText, threadExit } from "@wayward/record";

/** Midnight of 2026-05-01 in UTC, nanoseconds since 1970. */
const START = 1_777_593_600_000_000_000n;

/** A session whose lanes take locks at named places, as blocks. */
class Recording {
  readonly description = api.SessionDescription.fromPartial({ name: "shop", start: START });
  readonly session = newSessionId(Number(START / 1_000_000n), new Uint8Array(10));
  readonly #writer = new BlockWriter({ session: this.session, description: this.description });
  readonly #lanes = new Map<string, number>();
  readonly #locks = new Map<string, number>();
  #stage = new Stage();
  #time = START;

  /** One record, a millisecond after the one before; `place` names the function, the values follow the lock. */
  add(laneName: string, kind: Kind, lock: string | undefined, place?: string, ...values: FieldValue[]): void {
    const { dictionary } = this.#writer;
    const lane = this.#lanes.get(laneName) ?? dictionary.lane({ name: laneName, kind: "thread" });
    this.#lanes.set(laneName, lane);
    this.#time += 1_000_000n;
    const line = 10 + Number((this.#time - START) / 1_000_000n);
    const head = { lane, time: this.#time, ...(place === undefined ? {} : this.#placeOf(place, line)) };
    this.#stage.add(dictionary.kind(kind), kind, head, [...(lock === undefined ? [] : [this.#lock(lock)]), ...values]);
  }

  cut(end?: Omit<api.EndMark, "lastSeq">): readonly Uint8Array[] {
    const blocks = this.#writer.write(this.#stage, end);
    this.#stage = new Stage();
    return blocks.map(({ bytes }) => bytes);
  }

  #placeOf(name: string, line: number): { site: number; stack: number } {
    const { dictionary } = this.#writer;
    const module = dictionary.module("", "shop", 0);
    const outer = dictionary.stack(0, dictionary.frame(module, "main", `${process.cwd()}/src/main.ts`, 3));
    const file = `${process.cwd()}/src/${name} of stock.ts`;
    return {
      site: dictionary.site({ function: name, file, line }),
      stack: dictionary.stack(outer, dictionary.frame(module, name, file, line)),
    };
  }

  #lock(name: string): number {
    const known = this.#locks.get(name);
    if (known !== undefined) return known;
    const made = this.#writer.dictionary.object({ type: "mutex", class: name, instance: "" }, true);
    this.#locks.set(name, made);
    return made;
  }
}

/**
 * What the analyses find in a session of two lanes with a lost block: an
 * inversion with its stacks, a lock held at exit, one held over input, and a
 * release that is unproven since the lost block may hold its acquisition.
 * Names hold what XML and JSON escape.
 */
export function recordedFindings(): ReportedFinding[] {
  const recording = new Recording();
  const { add, cut } = { add: recording.add.bind(recording), cut: recording.cut.bind(recording) };
  for (const [lane, outer, inner] of [
    ["packer", "<stock>", "orders"],
    ["clerk", "orders", "<stock>"],
  ] as const) {
    add(lane, lockAcquired, outer, `${lane} takes ${outer}`);
    add(lane, lockAcquired, inner, `${lane} takes ${inner}`);
    add(lane, lockReleased, inner);
    add(lane, lockReleased, outer);
  }
  add("packer", lockAcquired, "cart");
  add("packer", lockReleased, "cart");
  const before = cut();
  add("packer", lockAcquired, "cart");
  add("packer", lockReleased, "cart");
  // This block is lost.
  cut();
  add("packer", lockReleased, "cart");
  add("clerk", lockAcquired, 'till "1"');
  add("clerk", pauseIo, undefined, undefined, 5_000_000n);
  add("clerk", threadExit, undefined);
  const end = { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" };
  return findingsOf(recording, [...before, ...cut(end)]);
}

function findingsOf({ session, description }: Recording, blocks: readonly Uint8Array[]): ReportedFinding[] {
  const dictionary = new Dictionary();
  const analysis = new SessionAnalysis({ session: sessionText(session), description }, dictionary);
  for (const bytes of blocks) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    analysis.step(envelope);
  }
  return [...analysis.result().findings];
}
