import { unwrap } from "@wayward/base";
import { Block, Dictionary, Pairing, parseEnvelope, replay } from "@wayward/block";
import { type Bench, median } from "./figure.ts";
import { Mix } from "./mix.ts";

const RECORDS_A_BLOCK = 20_000;

/** P10: pairing zones, locks and jobs with their sums, over columns that are decoded. */
export const pairing: Bench = async ({ quick }) => {
  const mix = new Mix(1);
  const dictionary = new Dictionary();
  const pairer = new Pairing({ use: () => {}, laneRow: (id) => dictionary.laneRow(id) });
  const costs: number[] = [];
  for (let round = 0; round < (quick ? 80 : 160); round++) {
    const block = new Block(unwrap(parseEnvelope(mix.block(RECORDS_A_BLOCK).bytes)));
    dictionary.add(block.dictionarySection);
    const { columns } = block;
    for (const [slot, { number }] of columns.kinds.entries())
      columns.columns(slot, dictionary.kind(number)!).decodeAll();
    void columns.times;
    void columns.slots;
    const begun = process.hrtime.bigint();
    pairer.clearGathers();
    replay(columns, dictionary, pairer, 1_000_000_000n);
    costs.push(Number(process.hrtime.bigint() - begun) / columns.count);
  }
  const what = "pairing zones, locks, jobs with sums, ns/record";
  return [{ id: "P10", what, value: median(costs.slice(30)), unit: "ns", op: "<=", must: 25, aim: 15 }];
};

/** P11: cost of a record in full blocks, at the end of a long session against its begin. */
export const flat: Bench = async ({ quick }) => {
  const mix = new Mix(2);
  const total = quick ? 10_000_000 : 100_000_000;
  const costs: number[] = [];
  let block = 0;
  let cost = 0;
  let records = 0;
  for (let done = 0; done < total; ) {
    const begun = process.cpuUsage();
    const made = mix.block(RECORDS_A_BLOCK);
    const used = process.cpuUsage(begun);
    cost += used.user + used.system;
    records += made.records;
    done += made.records;
    if (++block % 50 !== 0) continue;
    costs.push((cost * 1000) / records);
    cost = 0;
    records = 0;
  }
  const [begin, end] = [median(costs.slice(1, 4)), median(costs.slice(-3))];
  const what = `cost a record at ${total / 1e6} M against 1 M records (${begin.toFixed(0)} → ${end.toFixed(0)} ns with generating)`;
  return [{ id: "P11", what, value: end / begin, unit: "×", op: "<=", must: 1.25, aim: 1.05 }];
};
