import type { Channels } from "./channels.ts";
import type { Control } from "./control.ts";
import { describedAs } from "./description.ts";
import type { LockClasses } from "./lock-classes.ts";
import type { Recorder } from "./recorder.ts";
import { type AgentOptions, readSettings } from "./settings.ts";
import type { Sites } from "./sites.ts";
import { tell } from "./tell.ts";
import type { Writing } from "./writing.ts";

interface OutsideParts {
  readonly recorder: Recorder;
  readonly writing: Writing;
  readonly sites: Sites;
  readonly channels: Channels;
  readonly lockClasses: LockClasses;
  readonly control: Control;
}

/** How long a session waits for its program's first word: longer than programs load. */
const HOLD_MOST_MS = 10_000;

/**
 * A session that `wayward run` begins, and the program joins by its own
 * `start`. Name and labels stand in block 0, so that waits for either `start`
 * or the first record that the program makes, but not for long.
 */
export class Outside {
  readonly #parts: OutsideParts;
  readonly #holdUntilMs = performance.now() + HOLD_MOST_MS;
  /** Records that the program did not make, as long as there is no block. */
  #aside = 0;
  #isJoined = false;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  /** True while time alone makes no block. */
  get holdsBack(): boolean {
    const { recorder } = this.#parts;
    return !recorder.hasBegun && recorder.staged <= this.#aside && performance.now() < this.#holdUntilMs;
  }

  /** So many records were made that tell nothing of the program. */
  aside(count: number): void {
    this.#aside += count;
  }

  /** What the program says at its first `start`; what `wayward run` was told itself goes before. Throws what the file system throws. */
  join(options: AgentOptions, env: NodeJS.ProcessEnv): void {
    if (this.#isJoined) return;
    this.#isJoined = true;
    const settings = readSettings(options, env);
    if (settings.error !== undefined) {
      tell(`${settings.error.message}; nothing that start() says is used`);
      return;
    }
    const { sites, channels, lockClasses } = this.#parts;
    const { levels, locks } = settings.value;
    this.#describe(env.WAYWARD_NAME === undefined ? options.name : undefined, options.labels ?? {});
    if (options.sites !== undefined) sites.on = options.sites;
    if (options.levels !== undefined) for (const { channel, level } of levels) channels.of(channel).level = level;
    if (options.locks !== undefined) lockClasses.add(locks);
  }

  #describe(name: string | undefined, labels: Readonly<Record<string, string>>): void {
    const { recorder, writing, control } = this.#parts;
    const { description } = writing.opened;
    const wanted = describedAs(description, name, labels);
    if (wanted.name === description.name && wanted.labels.length === description.labels.length) return;
    if (recorder.hasBegun) {
      const late = `session "${description.name}" had begun when start() gave it another name or labels`;
      tell(`${late}: they are not used; call start() first, or say \`wayward run --name --label\``);
      return;
    }
    writing.describe(recorder, wanted);
    control.renamed();
    control.look();
  }
}
