import { f } from "../field.ts";
import { defineKind } from "../kind.ts";

/**
 * A span of time begins. Its name is `name`, or the site's text, or the
 * site's function. `id` is there for zones that may end out of order or on
 * another lane.
 */
export const zoneBegin = defineKind("zone.begin", [
  f.ref("name", "string", { role: "key" }),
  f.u64("id", { role: "begin" }),
  f.string("text", { role: "text" }),
]);

/** The zone of that `id` ends or, without one, the lane's innermost. */
export const zoneEnd = defineKind("zone.end", [f.u64("id", { role: "end" }), f.i64("status"), f.bool("failed")]);

export const zoneKinds = [zoneBegin, zoneEnd];
