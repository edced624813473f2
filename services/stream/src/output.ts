import { selection, type stream } from "@wayward/api";
import { asBuffer } from "@wayward/base";
import type { Block, Dictionary } from "@wayward/block";
import {
  type BlockFilter,
  chooseRun,
  GapList,
  offsetOf,
  RowWriter,
  rangesOfPlaces,
  tellDrops,
  tellUnknown,
} from "@wayward/reader";
import type { ObservedSession } from "./observed.ts";

export type Part = NonNullable<stream.ObserveResponse["part"]>;

const ROWS_A_MESSAGE = 500;

/** A block that is to be shown. */
export interface Shown {
  readonly observed: ObservedSession;
  readonly block: Block;
  readonly dictionary: Dictionary;
  /** Its absence was told before. */
  readonly fill: boolean;
  /** So many of its chosen records, in the order of their times, were sent before. */
  readonly taken: number;
}

/** Turns blocks into the messages of one observer: rows or blocks, and the holes that the blocks tell of. */
export class Output {
  readonly #filter: BlockFilter;
  readonly #form: selection.Form;
  readonly #rows = new RowWriter();
  readonly #gaps = new GapList();
  #named = 0;

  constructor(filter: BlockFilter, form: selection.Form) {
    this.#filter = filter;
    this.#form = form;
  }

  *show(shown: Shown): Generator<Part> {
    const { observed, block, dictionary } = shown;
    if (definesDrops(dictionary)) tellDrops(observed.view.id, block, dictionary, this.#gaps);
    if (this.#form === selection.Form.FORM_BLOCKS) yield* this.#asBlock(shown);
    else yield* this.#asRows(shown);
    for (const value of this.#gaps.take()) yield { $case: "gap", value };
  }

  *#asRows({ observed, block, dictionary, fill, taken }: Shown): Generator<Part> {
    const { view } = observed;
    const run = chooseRun(view, block, dictionary, this.#filter);
    if (run === undefined) return;
    for (const index of run.order.subarray(taken)) {
      this.#rows.add(run, index);
      if (!fill && this.#rows.rows >= ROWS_A_MESSAGE) yield { $case: "rows", value: this.#rows.take() };
    }
    tellUnknown(run, this.#gaps);
    if (this.#rows.rows === 0) return;
    const rows = this.#rows.take();
    yield fill ? fillOf(observed, block, { rows }) : { $case: "rows", value: rows };
  }

  *#asBlock(shown: Shown): Generator<Part> {
    const { observed, block, dictionary, fill, taken } = shown;
    const { view } = observed;
    const { firstTime, lastTime, recordCount, seq } = block.header;
    const offset = offsetOf(view.description);
    const whole = taken === 0 && this.#filter.takesWhole(firstTime + offset, lastTime + offset);
    const run = whole ? undefined : chooseRun(view, block, dictionary, this.#filter);
    const chosen = run === undefined ? 0 : run.order.length - taken;
    if (!whole && chosen <= 0) return;
    const ranges = whole || chosen === recordCount ? [] : rangesOfPlaces(run!.order.subarray(taken));
    const item = { block: asBuffer(block.envelope.bytes), dictionaries: observed.takeDefinitions(seq), ranges };
    const blocks = { blocks: [item], sessions: this.#sessions(observed) };
    yield fill ? fillOf(observed, block, { blocks }) : { $case: "blocks", value: blocks };
  }

  /** The session, where it has not been named since it is followed. */
  #sessions(observed: ObservedSession): selection.SessionEntry[] {
    if (observed.named) return [];
    observed.named = true;
    const { id, description } = observed.view;
    return [{ id: ++this.#named, session: asBuffer(id), description }];
  }
}

function fillOf({ view }: ObservedSession, { header }: Block, content: Partial<stream.Fill>): Part {
  const value = { session: asBuffer(view.id), seq: header.seq, rows: undefined, blocks: undefined, ...content };
  return { $case: "fill", value };
}

/** False where nothing in the block's epoch can be the record of a drop, so that it need not be decoded for that. */
function definesDrops(dictionary: Dictionary): boolean {
  for (const { name } of dictionary.kinds().values()) if (name === "drop.records") return true;
  return false;
}
