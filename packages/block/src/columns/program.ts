import type { Kind } from "@wayward/record";
import { Gather } from "../summary/gather.ts";
import { KindBuilder } from "./builder.ts";
import { opOf } from "./op.ts";

/** Families whose keys have a summary of their own. */
const OWN_SUMMARY = /^(log|zone|lock|context|thread)\./;

/** All that the encoder keeps for one kind of a session. */
export class Program {
  readonly builder: KindBuilder;
  readonly op: number;
  /** Field whose whole numbers are summed, or -1. */
  readonly measure: number;
  /** Field whose strings are counted, or -1. */
  readonly key: number;
  /** True if the measure may be negative. */
  readonly signed: boolean;
  readonly measured: Gather;
  readonly keyed: Gather;

  constructor(number: number, kind: Kind, useString: (id: number) => void) {
    this.builder = new KindBuilder(number, kind);
    this.op = opOf(kind.name);
    this.measure = kind.fields.findIndex(
      ({ role, type }) => role === "measure" && (type === "u64" || type === "duration"),
    );
    this.key = OWN_SUMMARY.test(kind.name)
      ? -1
      : kind.fields.findIndex(({ role, type, table }) => role === "key" && type === "ref" && table === "string");
    this.signed = kind.fields[this.measure]?.type === "duration";
    this.measured = new Gather(() => {});
    this.keyed = new Gather(useString);
  }

  clear(): void {
    this.builder.clear();
    this.measured.clear();
    this.keyed.clear();
  }
}
