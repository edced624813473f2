import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

/** One statement, recorded when it ends. `statement` is the template, without the values. */
export const dbQuery = defineKind("db.query", [
  f.ref("statement", "string", { role: "key" }),
  f.duration("duration", { role: "measure" }),
  f.duration("pool_wait"),
  f.duration("lock_wait"),
  f.u64("rows"),
  f.string("error", { role: "cause" }),
]);

export const dbKinds: readonly Kind[] = [dbQuery];
