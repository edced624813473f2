import { f } from "../field.ts";
import { defineKind, type Kind } from "../kind.ts";

const file = f.ref("file", "object", { role: "object" });
const bytes = f.u64("bytes", { role: "measure", unit: "By" });
const duration = f.duration("duration");
const error = f.string("error", { role: "cause" });

export const ioOpen = defineKind("io.open", [file, duration, error]);
export const ioRead = defineKind("io.read", [file, bytes, duration, error]);
export const ioWrite = defineKind("io.write", [file, bytes, duration, error]);
export const ioFsync = defineKind("io.fsync", [file, duration, error]);
export const ioClose = defineKind("io.close", [file, duration, error]);

export const ioKinds: readonly Kind[] = [ioOpen, ioRead, ioWrite, ioFsync, ioClose];
