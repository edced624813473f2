import {
  type Collected,
  type CollectedSession,
  type CollectOptions,
  collect,
  collectCommand,
  type Waiting,
} from "@wayward/collector";
import { countText } from "../output/count.ts";

/** How long the end of a run waits for a server that takes the last blocks. */
const PUSH_WITHIN_MS = 10_000;

/** Pushes what is left of a run. Where no server listens, or it lets nobody in who comes so, it does not wait. */
export function pushRest(options: Omit<CollectOptions, "signal" | "once">): Promise<Collected> {
  const refused = new AbortController();
  return collect({
    ...options,
    once: true,
    signal: AbortSignal.any([AbortSignal.timeout(PUSH_WITHIN_MS), refused.signal]),
    onServer: (_, __, lasts) => {
      if (lasts) refused.abort();
    },
  });
}

/** What a run has left. */
export interface RunEnd {
  /** Folder of the spools. */
  readonly root: string;
  /** Where they are sent. */
  readonly address: string;
  readonly runId: string;
  readonly sessions: readonly CollectedSession[];
  /** Blocks that no server has accepted, and why. */
  readonly waiting: number;
  readonly problem: string;
  /** What other programs that are gone have left in that folder. */
  readonly left: Waiting;
}

/** For whoever ran the program: where its records are, and how to bring away what waits in the folder. */
export function runEndText({ left, ...end }: RunEnd): string {
  const own = runEndLine(end);
  if (left.blocks === 0 || end.waiting > 0) return own;
  const what = `${countText(left.blocks, "block")} of ${countText(left.sessions, "earlier session")}`;
  return `${own}wayward: ${what} ${left.blocks === 1 ? "waits" : "wait"} in ${end.root} too: \`${collectCommand(end.root, end.address)}\`\n`;
}

function runEndLine({ root, address, runId, sessions, waiting, problem }: Omit<RunEnd, "left">): string {
  const [first, ...others] = sessions;
  if (first === undefined) return "wayward: nothing was recorded: the program started no Node\n";
  const what = `${first.name} ${first.id}${others.length === 0 ? "" : ` and ${others.length} more`}`;
  if (waiting > 0) {
    const why = problem || "no server";
    const blocks = `${countText(waiting, "block")} of ${what} ${waiting === 1 ? "waits" : "wait"} in ${root}`;
    return `wayward: ${blocks}: ${why}; push with \`${collectCommand(root, address)}\`\n`;
  }
  const question = others.length === 0 ? `-s ${first.id}` : `--run ${runId}`;
  return `wayward: recorded ${what}: wayward read ${question}\n`;
}

/** The sessions that any of the collectors saw, without those that began before. */
export function sessionsSince(earliest: string, ...collected: readonly Collected[]): CollectedSession[] {
  const byId = new Map(collected.flatMap(({ sessions }) => sessions.map((session) => [session.id, session])));
  return [...byId.values()].filter(({ id }) => id >= earliest).sort((a, b) => (a.id < b.id ? -1 : 1));
}
