import type { Kind } from "@wayward/record";
import { Gather } from "../summary/gather.ts";
import { KindBuilder } from "./kind-builder.ts";
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
  readonly measured: Gather;
  readonly keyed: Gather;

  constructor(number: number, kind: Kind, useString: (id: number) => void) {
    const { name, fields } = kind;
    this.builder = new KindBuilder(number, kind);
    this.op = opOf(name);
    this.measure = fields.findIndex(({ role, type }) => role === "measure" && (type === "u64" || type === "duration"));
    this.key = OWN_SUMMARY.test(name)
      ? -1
      : fields.findIndex(({ role, type, table }) => role === "key" && type === "ref" && table === "string");
    this.measured = new Gather(() => {});
    this.keyed = new Gather(useString);
  }

  /** Counts the gathered records by key and measure. */
  sum(): void {
    const { fields, count } = this.builder;
    const measure = fields[this.measure];
    const key = fields[this.key];
    if ((measure === undefined || measure.isAbsent) && key === undefined) return;
    const present = measure === undefined ? NOBODY : measure.places(count);
    for (let record = 0; record < count; record++) {
      const place = present === undefined ? record : (present[record] ?? -1);
      const id = key === undefined ? 0 : key.words.lo[record]!;
      if (place >= 0) {
        const value = measure!.measured(place);
        this.measured.measure(0, value, record);
        if (key !== undefined) this.keyed.measure(id, value, record);
      } else if (key !== undefined) this.keyed.count(id, 1);
    }
  }

  clear(): void {
    this.builder.clear();
    this.measured.clear();
    this.keyed.clear();
  }
}

/** No record has a value. */
const NOBODY = new Int32Array(0);
