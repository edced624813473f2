/** One scenario of a lock script: docs/lock-scripts.md defines what it means. */
export interface Scenario {
  readonly name: string;
  readonly locks: ReadonlyMap<string, LockKeys>;
  readonly contexts: ReadonlyMap<string, ContextKeys>;
  readonly ops: readonly Op[];
}

export interface LockKeys {
  readonly class?: string;
  readonly waits?: string;
  readonly waitsInside?: string;
  readonly perLane?: boolean;
  readonly type?: string;
  readonly count?: number;
}

export interface ContextKeys {
  readonly maskedBy?: readonly string[];
  readonly waitsInside?: string;
}

export interface Op {
  readonly lane: string;
  readonly op: OpName;
  readonly subject: string | undefined;
  readonly options: Options;
}

export interface Options {
  readonly mode?: string;
  readonly subclass?: number;
  readonly under?: string;
  readonly ww?: string;
  readonly slow?: boolean;
  readonly result?: string;
  readonly plain?: boolean;
  readonly not?: boolean;
  readonly with?: string;
  readonly count?: number;
  readonly class?: string;
  readonly ms?: number;
}

/** What an op's subject is. */
type SubjectKind = "lock" | "context" | "ticket" | "lane" | "none";

/** What an object is; mutexes, recursive, rwlocks and ww locks are all locks. */
export type ObjectKind = "lock" | "semaphore" | "condition" | "barrier";

/** What may be said of a key or option. */
export type ValueRule =
  | { readonly type: "string" | "boolean" | "count" | "positive" | "names" }
  | { readonly type: "number" }
  | { readonly type: "word"; readonly words: readonly string[] };

const text: ValueRule = { type: "string" };
const yesNo: ValueRule = { type: "boolean" };
const count: ValueRule = { type: "count" };
const positive: ValueRule = { type: "positive" };
const word = (...words: string[]): ValueRule => ({ type: "word", words });

const MODES = ["exclusive", "shared", "shared-recursive"];
const mode = word(...MODES);
const waits = word("free", "raw", "spin", "sleep");

export const LOCK_KEYS: Readonly<Record<string, ValueRule>> = {
  class: text,
  waits,
  waitsInside: waits,
  perLane: yesNo,
  type: word("mutex", "recursive", "rwlock", "semaphore", "condition", "barrier", "ww"),
  count,
};

export const CONTEXT_KEYS: Readonly<Record<string, ValueRule>> = {
  maskedBy: { type: "names" },
  waitsInside: waits,
};

interface OpRule {
  readonly subject: SubjectKind;
  /** Of a subject that is an object: what it may be. */
  readonly fits: readonly ObjectKind[];
  readonly options: Readonly<Record<string, ValueRule>>;
}

/** An op on an object that is one of `fits`. */
const on = (fits: readonly ObjectKind[], options: OpRule["options"] = {}): OpRule => ({
  subject: "lock",
  fits,
  options,
});
const lock = (options: OpRule["options"] = {}): OpRule => on(["lock"], options);
const other = (subject: SubjectKind, options: OpRule["options"] = {}): OpRule => ({ subject, fits: [], options });
const pause = other("none", { ms: { type: "number" } });
const none = other("none");

/** Every op with what its subject is and what may be said of it. */
export const OPS = {
  create: on(["lock", "semaphore", "condition", "barrier"]),
  destroy: on(["lock", "semaphore", "condition", "barrier"]),
  acquire: on(["lock", "semaphore"], {
    mode,
    subclass: count,
    under: text,
    ww: text,
    slow: yesNo,
    result: word("ok", "pending", "failed", "timeout", "deadlock", "already"),
  }),
  try: lock({ mode, subclass: count, ww: text, result: word("ok", "failed") }),
  release: lock({ mode, plain: yesNo }),
  upgrade: lock(),
  downgrade: lock(),
  "assert-held": lock({ mode, not: yesNo }),
  pin: lock(),
  unpin: lock(),
  "context-enter": other("context"),
  "context-exit": other("context"),
  mask: other("context"),
  unmask: other("context"),
  wait: on(["condition"], { with: text, result: word("ok", "timeout") }),
  signal: on(["condition"]),
  broadcast: on(["condition"]),
  post: on(["semaphore"]),
  "barrier-wait": on(["barrier"], { count: positive }),
  "ww-begin": other("ticket", { class: text }),
  "ww-done": other("ticket"),
  "ww-end": other("ticket"),
  "lane-start": other("lane"),
  "lane-join": other("lane"),
  "lane-exit": none,
  "process-exit": none,
  await: pause,
  io: pause,
  sleep: pause,
  call: pause,
} as const satisfies Readonly<Record<string, OpRule>>;

export type OpName = keyof typeof OPS;
