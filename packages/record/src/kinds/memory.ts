import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

const heap = f.ref("heap", "object", { role: "object" });
const address = f.u64("address", { role: "begin" });
const size = f.u64("size", { role: "measure", unit: "By" });
const GC_PHASES = ["minor", "major", "incremental", "weak", "other"] as const;

export const heapNew = defineKind("memory.heap-new", [heap]);
export const heapDestroy = defineKind("memory.heap-destroy", [heap]);
export const memoryAlloc = defineKind("memory.alloc", [heap, address, size]);
export const memoryRealloc = defineKind("memory.realloc", [heap, address, f.u64("old_address"), size]);
export const memoryFree = defineKind("memory.free", [heap, f.u64("address", { role: "end" })]);
export const arenaReset = defineKind("memory.arena-reset", [heap]);
export const gcBegin = defineKind("memory.gc-begin", [f.enum("phase", GC_PHASES, { role: "key" })]);
export const gcEnd = defineKind("memory.gc-end", [
  f.enum("phase", GC_PHASES, { role: "key" }),
  f.duration("pause", { role: "measure" }),
]);
export const refcount = defineKind("memory.refcount", [heap, f.u64("address"), f.i64("change"), f.i64("count")]);

export const memoryKinds: readonly Kind[] = [
  heapNew,
  heapDestroy,
  memoryAlloc,
  memoryRealloc,
  memoryFree,
  arenaReset,
  gcBegin,
  gcEnd,
  refcount,
];
