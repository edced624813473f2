import { type Started, wayward } from "../../samples/cluster/process.ts";

/** A record's place as findings of several sessions tell it. */
export interface Place {
  readonly session: string;
  readonly host: string;
  readonly lane: string;
  readonly function: string;
}

/** What the test reads of a finding's JSON. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly fingerprint: string;
  readonly sessions: readonly string[];
  readonly unproven: string;
  readonly detail: {
    readonly cycle?: readonly { readonly held: Place; readonly taken: Place }[];
    readonly circle?: readonly { readonly holds: Place; readonly waits: Place }[];
  };
}

/** Findings of one rule that a command prints. Throws where it fails. */
export async function findings(rule: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const command = wayward([...args, "--json"], env);
  const code = await command.ended;
  if (code !== 0) throw new Error(`wayward ${args.join(" ")} ended with ${code}:\n${command.output}`);
  return parse(command).filter((finding) => finding.rule === rule);
}

/** What the live analyses tell, from their first finding on. */
export class LiveFindings {
  readonly #watch: Started;

  constructor(env: NodeJS.ProcessEnv) {
    this.#watch = wayward(["findings", "--live", "--json"], env);
  }

  /** The first finding of a rule that is about all these sessions; undefined where none comes in time. */
  async of(rule: string, sessions: readonly string[], withinMs: number): Promise<Finding | undefined> {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = parse(this.#watch).find(
        (finding) => finding.rule === rule && sessions.every((session) => finding.sessions.includes(session)),
      );
      if (found !== undefined || Date.now() > until) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}

/** Whole lines of JSON that are findings. */
function parse({ output }: Started): Finding[] {
  const lines = output.split("\n").slice(0, -1);
  return lines.filter((line) => line.startsWith('{"rule"')).map((line) => JSON.parse(line) as Finding);
}
