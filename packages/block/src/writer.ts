import { block as api } from "@wayward/api";
import { assert } from "@wayward/base";
import { DROP_CAUSES, type DropCause, dropRecords, type Kind, parseKind, type SessionId } from "@wayward/record";
import { ColumnsEncoder, type Walked } from "./columns/encode.ts";
import { Program } from "./columns/program.ts";
import { DictionaryWriter } from "./dictionary/writer.ts";
import { beginsEpoch, FORMAT, MAGIC, sealEnvelope } from "./envelope.ts";
import { LIMITS } from "./limits.ts";
import { writeOpenSet } from "./pairing/open-set.ts";
import { FOLD, Pairing } from "./pairing/pairing.ts";
import { CAN_PACK, SectionWriter } from "./section.ts";
import { Stage } from "./stage.ts";
import { writeGathered, writeTable } from "./summary/section.ts";
import type { SummaryRow } from "./summary/tables.ts";

/** A block as it goes to the spool. */
export interface WrittenBlock {
  readonly seq: bigint;
  /** The serialised Block; belongs to the receiver. */
  readonly bytes: Buffer;
  readonly recordCount: number;
}

export interface BlockWriterOptions {
  readonly session: SessionId;
  readonly description: api.SessionDescription;
  /** False writes codec 0. Default: whether this runtime has zstd. */
  readonly pack?: boolean;
  /** Number of the first block. Default 0; tests begin elsewhere. */
  readonly firstSeq?: bigint;
}

/**
 * Words and text bytes that one block takes: the columns of that many cannot
 * pass the payload's limit even where nothing compresses.
 */
const WORDS_MAX = 120_000;
const TEXT_BYTES_MAX = 192 * 1024;
/** From this weight on a block of definitions alone could be too large, and encoding keeps a way back. */
const DICTIONARY_SAFE = 96 * 1024;

/**
 * Turns one session's records into its blocks. Owns the session's dictionary,
 * its pairing state and its block numbers; one session has one writer.
 */
export class BlockWriter {
  readonly session: SessionId;
  readonly dictionary = new DictionaryWriter();
  readonly pairing: Pairing;
  readonly programs: (Program | undefined)[] = [];
  readonly #description: api.SessionDescription;
  readonly #pack: boolean;
  readonly #drops = new Stage(256);
  readonly #columns: ColumnsEncoder;
  #nextSeq: bigint;

  constructor(options: BlockWriterOptions) {
    this.session = options.session;
    this.#description = options.description;
    this.#pack = (options.pack ?? true) && CAN_PACK;
    this.#nextSeq = options.firstSeq ?? 0n;
    this.pairing = new Pairing(this.dictionary);
    this.#columns = new ColumnsEncoder(this);
  }

  get nextSeq(): bigint {
    return this.#nextSeq;
  }

  /** Start of the session in nanoseconds of its clock; times in summaries and open sets count from it. */
  get start(): bigint {
    return this.#description.start;
  }

  /**
   * Says that `count` records of a lane could not be kept: leaves a hole in
   * its event numbers before the records of the next block and reports it
   * there as a record of `reporter`.
   */
  drop(lane: number, count: number, from: bigint, until: bigint, cause: DropCause, reporter: number = lane): void {
    const state = this.pairing.lane(lane);
    const first = state.nextEventNo;
    state.nextEventNo += count;
    state.doubt();
    const values = [lane, BigInt(first), BigInt(count), from, until, DROP_CAUSES.indexOf(cause)];
    this.#drops.add(this.dictionary.kind(dropRecords), dropRecords, { lane: reporter, time: until }, values);
  }

  /**
   * All of the stage as blocks, none if it is empty and there is no `end`.
   * Block 0 may be empty: it carries the description. The stage may be
   * cleared afterwards.
   */
  write(stage: Stage, end?: Omit<api.EndMark, "lastSeq">): WrittenBlock[] {
    const blocks: WrittenBlock[] = [];
    if (this.#drops.count > 0) {
      const drops = this.#drops;
      this.#piece(drops, 0, drops.used, drops.count, undefined, blocks);
      drops.clear();
    }
    let from = 0;
    let left = stage.count;
    while (left > 0) {
      const piece = takePiece(stage, from, left);
      left -= piece.count;
      this.#piece(stage, from, piece.until, piece.count, left === 0 ? end : undefined, blocks);
      from = piece.until;
    }
    if (stage.count === 0 && (end !== undefined || this.#nextSeq === 0n)) this.#piece(stage, 0, 0, 0, end, blocks);
    return blocks;
  }

  /** The encoder's program for a kind number that this dictionary gave. */
  program(number: number): Program {
    const known = this.programs[number];
    if (known !== undefined) return known;
    const text = this.dictionary.kindText(number);
    assert(text !== undefined, `kind ${number} is in the dictionary`);
    const kind = parseKind(text);
    assert(kind.error === undefined, `kind ${number} can be read`);
    const made = new Program(number, kind.value as Kind, (id) => this.dictionary.use("string", id));
    this.programs[number] = made;
    return made;
  }

  /** One block or, where definitions made it too large, two of half the records. */
  #piece(
    stage: Stage,
    from: number,
    until: number,
    count: number,
    end: Omit<api.EndMark, "lastSeq"> | undefined,
    blocks: WrittenBlock[],
  ): void {
    const kept = this.dictionary.weight > DICTIONARY_SAFE && count > 1 ? this.pairing.copy() : undefined;
    const block = this.#encode(stage, from, count, end);
    if (block !== undefined) {
      blocks.push(block);
      this.#forgetExited();
      return;
    }
    assert(kept !== undefined, "a block of few definitions fits its limit");
    this.pairing.restore(kept);
    this.dictionary.rollback();
    const half = count >> 1;
    let middle = from;
    for (let index = 0; index < half; index++) middle += (stage.words[middle]! >>> 16) & 255;
    this.#piece(stage, from, middle, half, undefined, blocks);
    this.#piece(stage, middle, until, count - half, end, blocks);
  }

  /** Tasks come by the million: what exited is forgotten once its block is written. */
  #forgetExited(): void {
    for (const lane of this.pairing.exited) this.dictionary.forgetTask(lane);
    this.pairing.forgetExited();
  }

  #encode(
    stage: Stage,
    from: number,
    count: number,
    end: Omit<api.EndMark, "lastSeq"> | undefined,
  ): WrittenBlock | undefined {
    const seq = this.#nextSeq;
    this.dictionary.begin(beginsEpoch(seq));
    this.pairing.clearGathers();
    const openSet = new SectionWriter(this.#pack);
    writeOpenSet(openSet, this.pairing, this.dictionary);
    const columns = new SectionWriter(this.#pack);
    const walked = this.#columns.write(columns, stage, from, count);
    const summary = new SectionWriter(this.#pack);
    this.#writeSummary(summary, walked, seq);
    const dictionary = new SectionWriter(this.#pack);
    this.dictionary.write(dictionary);

    const parts = [dictionary, summary, openSet, columns];
    const payload = Buffer.concat(parts.map((part) => part.bytes()));
    const unpackedLength = parts.reduce((sum, part) => sum + part.unpacked, 0);
    if (payload.length > LIMITS.payloadBytes || unpackedLength > LIMITS.unpackedBytes) return undefined;
    const header = api.BlockHeader.encode({
      magic: MAGIC,
      format: FORMAT,
      codec: this.#pack ? 1 : 0,
      session: Buffer.from(this.session),
      seq,
      recordCount: count,
      firstTime: walked.firstTime,
      lastTime: walked.lastTime,
      dictionaryLength: dictionary.at,
      summaryLength: summary.at,
      openSetLength: openSet.at,
      columnsLength: columns.at,
      unpackedLength,
      description: beginsEpoch(seq) ? this.#description : undefined,
      end: end === undefined ? undefined : { ...end, lastSeq: seq },
    }).finish();
    this.#nextSeq = seq + 1n;
    return { seq, bytes: sealEnvelope(header, payload), recordCount: count };
  }

  #writeSummary(writer: SectionWriter, { laneCounts, kinds: programs }: Walked, seq: bigint): void {
    const kinds: SummaryRow[] = [];
    const keys: SummaryRow[] = [];
    for (const program of programs) {
      this.dictionary.use("kind", program.builder.number);
      kinds.push(measuredRow(program));
    }
    if (kinds.length > 0) writeTable(writer, "kind", { rows: kinds, other: 0, top: [] });
    if (laneCounts.length > 0) {
      const rows = laneCounts.slice(0, LIMITS.summaryRows);
      const other = laneCounts.slice(LIMITS.summaryRows).reduce((sum, row) => sum + row.count, 0);
      for (const row of rows) this.dictionary.use("lane", row.key1);
      writeTable(writer, "lane", { rows, other, top: [] });
    }
    const { zone, channel, queueWait, queueRun, lockWait, lockHold, busy } = this.pairing.gathers;
    writeGathered(writer, "zone", zone, 1, seq);
    writeGathered(writer, "channel", channel, FOLD, seq);
    writeGathered(writer, "queueWait", queueWait, 1, seq);
    writeGathered(writer, "queueRun", queueRun, 1, seq);
    writeGathered(writer, "lockWait", lockWait, FOLD, seq);
    writeGathered(writer, "lockHold", lockHold, FOLD, seq);
    let other = 0;
    for (const program of programs) other += collectKeyed(program, keys);
    if (keys.length > 0) writeTable(writer, "key", { rows: keys.slice(0, LIMITS.summaryRows), other, top: [] });
    writeGathered(writer, "busy", busy, 1, seq);
  }
}

/** As many records as one block takes. */
function takePiece(stage: Stage, from: number, left: number): { count: number; until: number } {
  const { words } = stage;
  const most = Math.min(left, LIMITS.records);
  const heavy = textWeight(stage);
  const perRecord = left === 0 ? 0 : heavy / stage.count;
  const byText = perRecord === 0 ? most : Math.max(1, Math.floor(TEXT_BYTES_MAX / perRecord));
  let until = from;
  let count = 0;
  while (count < most && count < byText) {
    const length = (words[until]! >>> 16) & 255;
    if (count > 0 && until + length - from > WORDS_MAX) break;
    until += length;
    count++;
  }
  return { count, until };
}

/** Bytes of all texts, roughly; an argument list counts its strings. */
function textWeight(stage: Stage): number {
  let bytes = 0;
  for (const text of stage.texts) {
    if (typeof text === "string") bytes += Math.min(text.length * 3, LIMITS.valueBytes);
    else if (text instanceof Uint8Array) bytes += Math.min(text.length, LIMITS.valueBytes);
    else if (Array.isArray(text))
      for (const part of text) bytes += typeof part === "string" ? Math.min(part.length * 3, LIMITS.valueBytes) : 10;
  }
  return bytes;
}

function measuredRow(program: Program): SummaryRow {
  const { builder, measured } = program;
  const row = { key1: builder.number, key2: 0, count: builder.count, extra: 0 };
  if (measured.rows === 0) return { ...row, sum: 0n, min: 0, max: 0, histogram: new Uint32Array(0) };
  return {
    ...row,
    sum: BigInt(measured.sums[0]!),
    min: measured.mins[0]!,
    max: measured.maxs[0]!,
    histogram: measured.sparse(0),
  };
}

function collectKeyed(program: Program, rows: SummaryRow[]): number {
  const { keyed, builder } = program;
  for (const [row, key] of keyed.keys.entries()) {
    rows.push({
      key1: builder.number,
      key2: key,
      count: keyed.counts[row]!,
      sum: BigInt(keyed.sums[row]!),
      min: keyed.mins[row]!,
      max: keyed.maxs[row]!,
      extra: 0,
      histogram: keyed.sparse(row),
    });
  }
  return keyed.other;
}
