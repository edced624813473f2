import { type ObjectKind, OPS, type Op, type OpName, type Scenario } from "./scenario.ts";

/** Ops that only one type of lock has. */
const IMPLIED: Partial<Readonly<Record<OpName, string>>> = {
  post: "semaphore",
  wait: "condition",
  signal: "condition",
  broadcast: "condition",
  "barrier-wait": "barrier",
  upgrade: "rwlock",
  downgrade: "rwlock",
};

/** What type each lock is: as it says, or as its ops imply. */
export function typesOf({ locks, ops }: Pick<Scenario, "locks" | "ops">): Map<string, string> {
  const types = new Map<string, string>();
  for (const { op, subject = "", options } of ops) {
    const reads = options.mode !== undefined && options.mode !== "exclusive";
    const implied = IMPLIED[op] ?? (options.ww === undefined ? (reads ? "rwlock" : undefined) : "ww");
    if (implied !== undefined && types.get(subject) === undefined) types.set(subject, implied);
  }
  for (const [name, { type }] of locks) if (type !== undefined) types.set(name, type);
  return types;
}

/** Why an op does not fit what its subject is, or what it names as the lock of a wait; undefined where it does. */
export function misfit({ op, subject, options }: Op, types: ReadonlyMap<string, string>): string | undefined {
  const { subject: wanted, fits } = OPS[op];
  const named: [string | undefined, readonly ObjectKind[]][] = [
    [wanted === "lock" ? subject : undefined, fits],
    [options.with, ["lock"]],
  ];
  for (const [name, may] of named) {
    if (name === undefined) continue;
    const type = types.get(name) ?? "mutex";
    if (!may.includes(kindOf(type))) return `"${name}" is a ${type}, not a ${may.join(" or a ")}`;
  }
  return undefined;
}

function kindOf(type: string): ObjectKind {
  return type === "semaphore" || type === "condition" || type === "barrier" ? type : "lock";
}
