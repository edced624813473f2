import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

export const threadStart = defineKind("thread.start", [f.ref("parent", "lane")]);
export const threadName = defineKind("thread.name", [f.ref("name", "string", { role: "text" })]);
export const threadExit = defineKind("thread.exit", [f.i64("code")]);
/** The lane waits for the end of another one. */
export const threadJoin = defineKind("thread.join", [f.ref("lane", "lane")]);
/** The whole process ends, and every lane with it. */
export const processExit = defineKind("process.exit", [f.i64("code")]);

export const threadKinds: readonly Kind[] = [threadStart, threadName, threadExit, threadJoin, processExit];
