import { familyOf } from "@wayward/record";

/** What lanes wait for. A cause's number is its place. */
export const CAUSES = [
  "lock",
  "condition",
  "semaphore",
  "barrier",
  "join",
  "io",
  "sleep",
  "call",
  "await",
  "db",
] as const;

type Cause = (typeof CAUSES)[number];

/** What a lane waits for that records this kind; -1 for kinds that tell of no wait. */
export function causeOf(kindName: string): number {
  if (kindName === "thread.join") return CAUSES.indexOf("join");
  const family = familyOf(kindName);
  return CAUSES.indexOf((family === "pause" ? kindName.slice("pause.".length) : family) as Cause);
}
