import type { selection } from "@wayward/api";
import type { Answer } from "./answer.ts";
import { type ClientRecord, compareRecords } from "./record.ts";

/** Several answers in time order as one: of several servers, or of several questions. */
export function combine(answers: readonly Answer[]): Answer {
  return new Combined(answers);
}

class Combined implements Answer {
  readonly pageToken = new Uint8Array(0);
  readonly cursor = new Uint8Array(0);
  readonly #answers: readonly Answer[];

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
  }

  /** All that the answers rest on, added up. Complete only if each is. */
  get coverage(): selection.Coverage | undefined {
    const parts = this.#answers.map(({ coverage }) => coverage).filter((coverage) => coverage !== undefined);
    if (parts.length < this.#answers.length) return undefined;
    const sum = (value: (part: selection.Coverage) => bigint) => parts.reduce((total, part) => total + value(part), 0n);
    return {
      snapshot: parts.flatMap(({ snapshot }) => snapshot),
      records: sum(({ records }) => records),
      sessions: sum(({ sessions }) => sessions),
      blocks: sum(({ blocks }) => blocks),
      gaps: parts.flatMap(({ gaps }) => gaps),
      gapsLeftOut: sum(({ gapsLeftOut }) => gapsLeftOut),
      complete: parts.every(({ complete }) => complete),
    };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClientRecord> {
    const iterators = this.#answers.map((answer) => answer[Symbol.asyncIterator]());
    try {
      const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
      for (;;) {
        const next = earliest(heads);
        if (next < 0) return;
        yield heads[next]!.value as ClientRecord;
        heads[next] = await iterators[next]!.next();
      }
    } finally {
      await Promise.all(iterators.map((iterator) => iterator.return?.()));
    }
  }
}

/** Which head is next, or -1 if all are done. Answers are few, so each is looked at. */
function earliest(heads: readonly IteratorResult<ClientRecord>[]): number {
  let best = -1;
  for (const [index, head] of heads.entries()) {
    if (head.done === true) continue;
    if (best < 0 || compareRecords(head.value, heads[best]!.value as ClientRecord) < 0) best = index;
  }
  return best;
}
