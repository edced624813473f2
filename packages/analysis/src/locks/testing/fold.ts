import { unwrap } from "@wayward/base";
import { Block, Dictionary, parseEnvelope, sections } from "@wayward/block";
import { Batch } from "../../batch.ts";
import type { Finding } from "../../finding.ts";
import { Recorded } from "../../threads/testing/recorded.ts";
import { leftOutOf } from "../blocking.ts";
import { type FoldOptions, LockFold } from "../fold.ts";
import { lockTables } from "../tables.ts";
import type { Step } from "./program.ts";

/** A block as it was written. */
interface Written {
  readonly bytes: Uint8Array;
}

/** Writes a program's records; `cut` says after which of them a block ends. */
export function record(steps: readonly Step[], cut: (index: number) => boolean): ProgramRecorder {
  const recorder = new ProgramRecorder();
  for (const [index, step] of steps.entries()) {
    recorder.step(step);
    if (cut(index)) recorder.cut();
  }
  recorder.cut();
  return recorder;
}

/** Writes steps of programs as a session's records. */
export class ProgramRecorder extends Recorded {
  readonly #lanes = new Map<number, number>();
  readonly #locks = new Map<number, number>();

  /** The number in the session of a program's lane. */
  laneOf(lane: number): number {
    const known = this.#lanes.get(lane) ?? this.lane(`lane ${lane}`);
    this.#lanes.set(lane, known);
    return known;
  }

  step({ lane, time, kind, lock, mode }: Step): void {
    if (lock === undefined) this.add(this.laneOf(lane), time, kind);
    else this.add(this.laneOf(lane), time, kind, this.#lockOf(lock), mode);
  }

  #lockOf(lock: number): number {
    const known = this.#locks.get(lock) ?? this.object(`lock ${lock}`, lock % 2 === 0 ? "mutex" : "rwlock");
    this.#locks.set(lock, known);
    return known;
  }
}

export interface FoldBlocksOptions extends FoldOptions {
  /** Clock at the session's start. */
  readonly start: bigint;
  /** After so many blocks the state goes through its checkpoint into another fold. */
  readonly checkpointAfter?: number;
  /** The last block says that the session has ended. */
  readonly ended?: boolean;
  /** Blocks of which only the definitions are read: the reader begins behind them. */
  readonly skip?: number;
}

/** What a fold says of a session: its findings by identity, and its tables. */
export interface Told {
  readonly findings: readonly Finding[];
  readonly tables: ReturnType<typeof lockTables>;
  readonly leftOut: ReadonlyMap<string, number>;
}

export function foldLocks(
  blocks: readonly Written[],
  { start, checkpointAfter = -1, ended = false, skip = 0, ...options }: FoldBlocksOptions,
): Told {
  const dictionary = new Dictionary();
  let fold = new LockFold(dictionary, options);
  for (const [index, { bytes }] of blocks.entries()) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    if (index < skip) continue;
    const block = new Block(envelope);
    fold.step(envelope.header.seq, new Batch(block.columns, dictionary, start), () => block.openSet);
    if (index + 1 === checkpointAfter) fold = new LockFold(dictionary, { ...options, checkpoint: fold.checkpoint() });
  }
  const findings = fold.finish(ended);
  const tables = lockTables({ session: "s", state: fold.session, dictionary, now: fold.session.now, isLost: false });
  return { findings, tables, leftOut: new Map([...fold.session.leftOut, ...leftOutOf(fold.session)]) };
}

/** The errors and warnings that no hole could change. */
export function provenFaults({ findings }: Told): Finding[] {
  return findings.filter(
    ({ severity, unproven }) => (severity === "error" || severity === "warning") && unproven === "",
  );
}
