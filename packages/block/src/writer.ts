import { block as api } from "@wayward/api";
import { assert } from "@wayward/base";
import { DROP_CAUSES, type DropCause, dropRecords, type Kind, parseKind, type SessionId } from "@wayward/record";
import { ColumnsEncoder, LANE_FOLD, type Walked } from "./columns/encode.ts";
import { Program } from "./columns/program.ts";
import { DictionaryWriter } from "./dictionary/writer.ts";
import { beginsEpoch, FORMAT, MAGIC, sealEnvelope } from "./envelope.ts";
import { LIMITS } from "./limits.ts";
import { writeOpenSet } from "./pairing/open-set.ts";
import { FOLD, Pairing } from "./pairing/pairing.ts";
import { CAN_PACK, SectionWriter } from "./section.ts";
import { HEAD_WORDS, Stage } from "./stage.ts";
import { writeCounts, writeGathered, writeTable } from "./summary/section.ts";
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
 * Bytes that a record's columns take at most where nothing compresses: kind,
 * time and common part of a bare one, and each further word of its fields.
 */
const BARE_BYTES = 10.9;
const WORD_BYTES = 5;
/** Bytes of columns, by that reckoning, and of texts that one block takes. */
const COLUMN_BYTES_MAX = 716_000;
const TEXT_BYTES_MAX = 192 * 1024;
/**
 * Least share of that reckoning that columns are taken to need, however well
 * those of the blocks before were packed, and how much more than theirs.
 */
const SHARE_MIN = 0.25;
const SHARE_ROOM = 1.5;
/** Records from which on a block tells how well the next ones will be packed. */
const TELLING_RECORDS = 1_000;
/** Bytes of an argument that is a number or the like. */
const SCALAR_BYTES = 10;
/** Bytes of the summary's tables at most: what they take empty, each row, and each record in a row's histogram. */
const SUMMARY_BYTES = 16 * 1024;
const ROW_BYTES = 48;
const BUCKET_BYTES = 5;

/** Records that go into one block. */
interface Piece {
  /** Words of the stage. */
  readonly from: number;
  readonly until: number;
  readonly count: number;
}

/**
 * Turns one session's records into its blocks. Owns the session's dictionary,
 * its pairing state and its block numbers; one session has one writer.
 */
export class BlockWriter {
  readonly dictionary = new DictionaryWriter();
  readonly pairing: Pairing;
  readonly programs: (Program | undefined)[] = [];
  #session: SessionId;
  #description: api.SessionDescription;
  readonly #pack: boolean;
  readonly #drops = new Stage(256);
  readonly #columns: ColumnsEncoder;
  /** Kept between blocks. */
  readonly #sections: Readonly<Record<"dictionary" | "summary" | "openSet" | "columns", SectionWriter>>;
  #nextSeq: bigint;
  /** Which share of what columns take at most those of the next blocks are taken to need. */
  #share = 1;

  constructor(options: BlockWriterOptions) {
    this.#session = options.session;
    this.#description = options.description;
    this.#pack = (options.pack ?? true) && CAN_PACK;
    this.#nextSeq = options.firstSeq ?? 0n;
    this.pairing = new Pairing(this.dictionary);
    this.#columns = new ColumnsEncoder(this);
    const section = () => new SectionWriter(this.#pack);
    this.#sections = { dictionary: section(), summary: section(), openSet: section(), columns: section() };
  }

  get session(): SessionId {
    return this.#session;
  }

  get nextSeq(): bigint {
    return this.#nextSeq;
  }

  /** Start of the session in nanoseconds of its clock; times in summaries and open sets count from it. */
  get start(): bigint {
    return this.#description.start;
  }

  /** Says something else of the session than it began with; before block 0 only. */
  describe(description: api.SessionDescription): void {
    assert(this.#nextSeq === 0n, "a session whose description no block has");
    assert(description.start === this.#description.start, "a session keeps its start");
    this.#description = description;
  }

  /**
   * Goes on as another session, from its block 0: numbers keep their meaning,
   * and what is open stays open. Its description has the same start, from
   * which what is open counts.
   */
  goOnAs(session: SessionId, description: api.SessionDescription): void {
    assert(description.start === this.#description.start, "a session that goes on keeps its start");
    this.#session = session;
    this.#description = description;
    this.#nextSeq = 0n;
  }

  /**
   * Says that `count` records of a lane could not be kept: leaves a hole in
   * its event numbers before the records of the next block and reports it
   * there as a record of `reporter`.
   */
  drop(lane: number, count: number, from: bigint, until: bigint, cause: DropCause, reporter: number = lane): void {
    const state = this.pairing.state(lane);
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
      this.#piece(drops, { from: 0, until: drops.used, count: drops.count }, undefined, blocks);
      drops.clear();
    }
    const pieces = splitStage(stage, this.#share);
    if (pieces.length === 0 && (end !== undefined || this.#nextSeq === 0n))
      pieces.push({ from: 0, until: 0, count: 0 });
    const last = pieces.at(-1);
    for (const piece of pieces) this.#piece(stage, piece, piece === last ? end : undefined, blocks);
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

  /** One block or, where that would be too large, two of half the records. */
  #piece(stage: Stage, piece: Piece, end: Omit<api.EndMark, "lastSeq"> | undefined, blocks: WrittenBlock[]): void {
    const block = this.#encode(stage, piece.from, piece.count, end);
    if (block !== undefined) {
      blocks.push(block);
      this.#endBlock();
      if (piece.count >= TELLING_RECORDS) this.#learn(piece);
      return;
    }
    assert(piece.count > 1, "one record with what it refers to fits a block");
    this.dictionary.rollback();
    this.#share = 1;
    const [first, second] = halve(stage, piece);
    this.#piece(stage, first, undefined, blocks);
    this.#piece(stage, second, end, blocks);
  }

  /** The fewer blocks, the less is done for each of them on all the way to the archive: what is packed well goes into few. */
  #learn({ from, until, count }: Piece): void {
    const most = count * BARE_BYTES + (until - from - count * HEAD_WORDS) * WORD_BYTES;
    const wanted = (this.#sections.columns.at / most) * SHARE_ROOM;
    this.#share = Math.min(1, Math.max(SHARE_MIN, wanted, this.#share / 2));
  }

  /** Judges by the columns that are written and a bound for the rest, so that hardly a block needs a way back. */
  #mayNotFit(count: number): boolean {
    const { openSet, columns } = this.#sections;
    const rest = SUMMARY_BYTES + this.#rowsMost(count) * ROW_BYTES + count * BUCKET_BYTES + this.dictionary.weight;
    return (
      openSet.at + columns.at + rest > LIMITS.payloadBytes ||
      openSet.unpacked + columns.unpacked > LIMITS.unpackedBytes / 2
    );
  }

  /** Rows of all summary tables at most: one for each thing that there is to count by, and at most three for a record. */
  #rowsMost(count: number): number {
    const { dictionary } = this;
    const [strings, objects, lanes] = [dictionary.size("string"), dictionary.size("object"), dictionary.size("lane")];
    const zoneAndKey = 2 * rowsOf(strings);
    const queues = 2 * rowsOf(objects);
    const locks = 2 * rowsOf(objects * FOLD);
    const lanesAndBusy = rowsOf(lanes * dictionary.kinds) + rowsOf(lanes);
    const all = zoneAndKey + rowsOf(strings * FOLD) + queues + locks + lanesAndBusy;
    return dictionary.kinds + Math.min(all, count * 3);
  }

  /** Tasks come by the million: what exited is forgotten once its block is written. */
  #endBlock(): void {
    for (const lane of this.pairing.exited) this.dictionary.forgetTask(lane);
    this.pairing.endBlock();
  }

  /** The block, or undefined where it would be too large: then nothing is paired. */
  #encode(
    stage: Stage,
    from: number,
    count: number,
    end: Omit<api.EndMark, "lastSeq"> | undefined,
  ): WrittenBlock | undefined {
    const seq = this.#nextSeq;
    this.dictionary.begin(beginsEpoch(seq));
    this.pairing.clearGathers();
    const { dictionary, summary, openSet, columns } = this.#sections;
    const parts = [dictionary, summary, openSet, columns];
    for (const part of parts) part.clear();
    writeOpenSet(openSet, this.pairing, this.dictionary);
    const walked = this.#columns.write(columns, stage, from, count);
    const kept = this.#mayNotFit(count) ? this.pairing.copy() : undefined;
    this.#columns.pair();
    this.#writeSummary(summary, walked, seq);
    this.dictionary.write(dictionary);

    const payload = Buffer.concat(parts.map((part) => part.bytes()));
    const unpackedLength = parts.reduce((sum, part) => sum + part.unpacked, 0);
    if (payload.length > LIMITS.payloadBytes || unpackedLength > LIMITS.unpackedBytes) {
      assert(kept !== undefined, "a block that was judged to fit does");
      this.pairing.restore(kept);
      return undefined;
    }
    const header = api.BlockHeader.encode({
      magic: MAGIC,
      format: FORMAT,
      codec: this.#pack ? 1 : 0,
      session: Buffer.from(this.#session),
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
    writeCounts(writer, "lane", laneCounts, LANE_FOLD);
    for (const key of laneCounts.keys()) this.dictionary.use("lane", Math.floor(key / LANE_FOLD));
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

/** Rows of a table that counts by so many keys. */
function rowsOf(keys: number): number {
  return Math.min(keys, LIMITS.summaryRows);
}

/** Cuts a stage into what one block takes each, where columns need this share of what they take at most. */
function splitStage(stage: Stage, share: number): Piece[] {
  const { words } = stage;
  const perRecord = (stage.count === 0 ? 0 : textWeight(stage) / stage.count) * share;
  const most = Math.min(LIMITS.records, perRecord === 0 ? LIMITS.records : Math.floor(TEXT_BYTES_MAX / perRecord));
  const bound = stage.count * BARE_BYTES + (stage.used - stage.count * HEAD_WORDS) * WORD_BYTES;
  if (stage.count > 0 && stage.count <= most && bound * share <= COLUMN_BYTES_MAX) {
    return [{ from: 0, until: stage.used, count: stage.count }];
  }
  const pieces: Piece[] = [];
  let from = 0;
  let until = 0;
  let count = 0;
  // Tenths of a byte: a loop over whole numbers is cheap.
  const [bare, word, room] = [BARE_BYTES * 10, WORD_BYTES * 10, Math.floor((COLUMN_BYTES_MAX * 10) / share)];
  let used = 0;
  for (let left = stage.count; left > 0; left--) {
    const length = (words[until]! >>> 16) & 255;
    const weight = bare + (length - HEAD_WORDS) * word;
    if (count > 0 && (count >= most || used + weight > room)) {
      pieces.push({ from, until, count });
      from = until;
      count = 0;
      used = 0;
    }
    until += length;
    count++;
    used += weight;
  }
  if (count > 0) pieces.push({ from, until, count });
  return pieces;
}

function halve(stage: Stage, { from, until, count }: Piece): [Piece, Piece] {
  const half = count >> 1;
  let middle = from;
  for (let index = 0; index < half; index++) middle += (stage.words[middle]! >>> 16) & 255;
  return [
    { from, until: middle, count: half },
    { from: middle, until, count: count - half },
  ];
}

/** Bytes of all texts, roughly. */
function textWeight({ texts, args, argsUsed }: Stage): number {
  let bytes = 0;
  for (let index = 0; index < texts.length; index++) bytes += weightOf(texts[index]);
  for (let index = 0; index < argsUsed; index++) bytes += weightOf(args[index]);
  return bytes;
}

function weightOf(value: unknown): number {
  if (typeof value === "string") return Math.min(value.length * 3, LIMITS.valueBytes);
  return value instanceof Uint8Array ? Math.min(value.length, LIMITS.valueBytes) : SCALAR_BYTES;
}

function measuredRow(program: Program): SummaryRow {
  const { builder, measured } = program;
  const row = { key1: builder.number, key2: 0, count: builder.count, extra: 0 };
  if (measured.rows === 0) return { ...row, sum: 0n, min: 0, max: 0, histogram: new Uint32Array(0) };
  const { sum, min, max } = measured.stats(0);
  return { ...row, sum, min, max, histogram: measured.sparse(0) };
}

function collectKeyed(program: Program, rows: SummaryRow[]): number {
  const { keyed, builder } = program;
  for (const [row, key] of keyed.keys.entries()) {
    rows.push({
      key1: builder.number,
      key2: key,
      ...keyed.stats(row),
      histogram: keyed.sparse(row),
    });
  }
  return keyed.other;
}
