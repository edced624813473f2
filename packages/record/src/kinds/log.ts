import { f } from "../field.ts";
import { defineKind } from "../kind.ts";

export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

/** A message: the site's text is the format, `{}` stands for one argument each; left-over arguments follow it. */
export const logMessage = defineKind("log.message", [
  f.enum("level", LEVELS, { role: "key" }),
  f.ref("channel", "string", { role: "key" }),
  f.values("args", { role: "text" }),
]);

export const logKinds = [logMessage];
