/** What a row found: facts for the reader, and what is wrong. */
export interface Found {
  readonly facts: string;
  readonly wrong?: readonly (string | false)[];
}

/** Does one thing after the other and prints a row for each; a row that fails ends its story. */
export class Rows {
  failed = 0;
  done = 0;

  async row(what: string, work: () => Promise<Found>): Promise<void> {
    const begun = performance.now();
    const { facts, wrong } = await work().catch((error: Error) => ({ facts: "", wrong: [error.message] }));
    const problems = (wrong ?? []).filter((problem) => problem !== false);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const verdict = problems.length === 0 ? "ok" : `WRONG: ${problems.join("; ")}`;
    process.stdout.write(`${what.padEnd(46)} ${seconds.padStart(6)} s  ${facts.padEnd(60)} ${verdict}\n`);
    this.done++;
    if (problems.length === 0) return;
    this.failed++;
    throw new StoryEnds();
  }

  /** Says that a row is not tried here. */
  leaveOut(what: string, why: string): void {
    process.stdout.write(`!!! ${what}: not tried, ${why}\n`);
  }

  /** Plays a story; where one of its rows fails the next story goes on. */
  async story(play: (rows: Rows) => Promise<void>): Promise<void> {
    await play(this).catch((error: unknown) => {
      if (!(error instanceof StoryEnds)) throw error;
    });
  }
}

class StoryEnds extends Error {}
