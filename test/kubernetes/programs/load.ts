/**
 * Programs that record, all in one process, until they are told to end:
 * `load.mjs <programs> <records a second, all together>`. One of them is
 * watched all the time, and questions are asked. Port 8080: `/now` tells how
 * many records there are; `/end` ends the programs, waits until the bus has
 * everything, reads it back, and answers with `Told`.
 */
import { createServer } from "node:http";
import { backoffMs, delay, WaywardError } from "@wayward/base";
import { type Client, connect } from "@wayward/client";
import { type Difference, RecordedProgram } from "./recorded.ts";
import { known, Watcher } from "./watcher.ts";

/** What the load tells at its end. */
export interface Told {
  readonly sent: number;
  readonly seconds: number;
  /** Of all that was sent. */
  readonly read: Difference;
  /** Of the program that was watched; and why the watch ended before its time, or empty. */
  readonly watched: Difference;
  readonly watchEnded: string;
  /** Gaps that the watch was told of; most of them are filled later. */
  readonly watchGaps: readonly string[];
  readonly questions: Questions;
}

interface Questions {
  asked: number;
  /** Of them those that were asked again, as UNAVAILABLE tells to. */
  again: number;
  /** Those without an answer even then, with the reason. */
  readonly unanswered: string[];
}

/** Of all programs together: each block is synced four times on this one disk. */
const BLOCKS_A_SECOND = 100;
/** No program makes more of them than an agent does. */
const BLOCK_EVERY_MS = 100;
/** What a busy machine has left undone comes in several blocks. */
const BLOCK_RECORDS_MAX = 20_000;
const ASK_EVERY_MS = 250;
/** How often a question is asked again, which takes 15 s or so. */
const TRIES = 7;

class Load {
  readonly #rate: number;
  readonly #programs: readonly [RecordedProgram, ...RecordedProgram[]];
  readonly #client: Client = connect();
  readonly #watcher: Watcher;
  readonly #questions: Questions = { asked: 0, again: 0, unanswered: [] };
  readonly #begun = performance.now();
  readonly #recording: NodeJS.Timeout;
  readonly #asking = setInterval(() => void this.#ask(), ASK_EVERY_MS);
  #work: Promise<void> = Promise.resolve();

  constructor(programs: number, rate: number, ingest: string) {
    const make = (seed: number) => new RecordedProgram(seed, "/tmp/load", ingest);
    this.#programs = [make(0), ...Array.from({ length: programs - 1 }, (_, index) => make(index + 1))];
    this.#rate = rate / programs;
    const everyMs = Math.max(BLOCK_EVERY_MS, (programs * 1000) / BLOCKS_A_SECOND);
    this.#recording = setInterval(() => this.#record(), everyMs);
    this.#watcher = new Watcher(this.#client, this.#programs[0].id);
  }

  get sent(): number {
    return this.#programs.reduce((sum, { made }) => sum + made, 0);
  }

  async end(): Promise<Told> {
    clearInterval(this.#recording);
    clearInterval(this.#asking);
    await this.#work;
    const seconds = (performance.now() - this.#begun) / 1000;
    for (const program of this.#programs) await program.end();
    while (!this.#programs.every((program) => program.isDelivered)) await delay(100);
    const read = { lost: 0, doubled: 0, other: 0 };
    for (const program of this.#programs) {
      const { lost, doubled, other } = await patiently(() => program.compare(this.#read(program.id)));
      read.lost += lost;
      read.doubled += doubled;
      read.other += other;
    }
    const [first] = this.#programs;
    const watched = await first.compare(await this.#watcher.all(first.made));
    const { ended: watchEnded, gaps: watchGaps } = this.#watcher;
    return { sent: this.sent, seconds, read, watched, watchEnded, watchGaps, questions: this.#questions };
  }

  #record(): void {
    const due = (this.#rate * (performance.now() - this.#begun)) / 1000;
    this.#work = this.#work.then(async () => {
      for (const program of this.#programs) {
        const records = Math.min(BLOCK_RECORDS_MAX, Math.floor(due - program.made));
        if (records > 0) await program.record(records);
      }
    });
  }

  async *#read(session: string) {
    for await (const record of this.#client.read({ sessions: [session], form: "blocks" })) yield known(record);
  }

  async #ask(): Promise<void> {
    this.#questions.asked++;
    const find = () => this.#client.find({ sessions: [this.#programs[0].id] }, 1).next();
    await patiently(find, () => this.#questions.again++).catch((error: Error) =>
      this.#questions.unanswered.push(error.message.slice(0, 200)),
    );
  }
}

/** Does it again while it is UNAVAILABLE; `again` hears of the first time. */
async function patiently<T>(work: () => Promise<T>, again?: () => void): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const { code, message } = WaywardError.from(error);
      process.stderr.write(`${code} ${message}\n`);
      if (code !== "UNAVAILABLE" || tries === TRIES) throw error;
      if (tries === 0) again?.();
    }
    await delay(backoffMs(tries, Math.random(), 250));
  }
}

const ingest = process.env.WAYWARD_INGEST ?? process.env.WAYWARD_SERVER ?? "";
const load = new Load(Number(process.argv[2]), Number(process.argv[3]), ingest);
createServer((request, response) => {
  const answer = request.url === "/end" ? load.end() : Promise.resolve({ sent: load.sent });
  answer.then(
    (told) => response.end(JSON.stringify(told)),
    (error: Error) => response.writeHead(500).end(error.stack),
  );
}).listen(8080);
