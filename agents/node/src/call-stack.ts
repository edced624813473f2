/** A function whose caller is the place looked for. */
export type Called = (...args: never[]) => unknown;

/** One call under way, or one that waits for it (`async`). Empty text and 0 where a part is not known. */
export interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly isAsync: boolean;
}

/** Frames of one place that are kept. */
const FRAMES_MAX = 16;
/** Frames that are looked at for them: the agent and Node stand between those of the program. */
const LOOKED_AT = 48;

/** Folder of this file, or of the bundle that it is part of: frames from there are the agent's. */
const OWN_FOLDER = read(undefined, 1)[0]?.file.replace(/[^/\\]*$/, "") ?? "";

/** Where `called` was called. */
export function callerOf(called: Called): Frame | undefined {
  return read(called, 1)[0];
}

/** The program's calls that lead to `called`, innermost first, with those that wait for it as V8 knows them. */
export function callersOf(called: Called): readonly Frame[] {
  const frames = read(called, LOOKED_AT);
  // A program that is bundled with the agent shares its folder.
  const own = frames[0]?.file.startsWith(OWN_FOLDER) ? undefined : OWN_FOLDER;
  const kept = frames.filter(
    ({ file }) => file !== "" && !file.startsWith("node:internal/") && !(own && file.startsWith(own)),
  );
  return (kept.length > 0 ? kept : frames.slice(0, 1)).slice(0, FRAMES_MAX);
}

function read(called: Called | undefined, most: number): Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = most;
    Error.prepareStackTrace = (_, frames) => frames;
    Error.captureStackTrace(holder, called);
    return (holder.stack as AsyncCallSite[]).map(frameOf);
  } catch {
    return [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Node's types do not know it. */
type AsyncCallSite = NodeJS.CallSite & { isAsync?(): boolean };

function frameOf(site: AsyncCallSite): Frame {
  return {
    function: site.getFunctionName() ?? "",
    file: site.getFileName()?.replace(/^file:\/\//, "") ?? "",
    line: site.getLineNumber() ?? 0,
    isAsync: site.isAsync?.() ?? false,
  };
}
