import { Worker } from "node:worker_threads";
import { Stage } from "@wayward/block";
import { type Bench, median } from "./figure.ts";
import { Mix } from "./mix.ts";

const RECORDS = 25_000;
/** Takes a stage and says so: what a worker that encodes would at least do. */
const RECEIVER = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ count }) => parentPort.postMessage(count));`;

/**
 * P4e: encoding where the records were made against handing them to a worker
 * that encodes (docs/decisions/0006): CPU of all threads, the worker's
 * encoding counted as if it cost the same.
 */
export const encoding: Bench = async ({ quick }) => {
  const mix = new Mix(3);
  const worker = new Worker(RECEIVER, { eval: true });
  const [encoding, handing, calling]: [number[], number[], number[]] = [[], [], []];
  const { writer } = mix;
  const write = writer.write.bind(writer);
  let handed: Stage | undefined;
  writer.write = (stage, end) => {
    handed = copyOf(stage);
    const before = process.threadCpuUsage();
    const blocks = write(stage, end);
    encoding.push(nanoseconds(before, process.threadCpuUsage()) / stage.count);
    return blocks;
  };
  for (let round = 0; round < (quick ? 60 : 200); round++) {
    mix.block(RECORDS);
    if (handed === undefined) throw new Error("no block was written");
    const { words, texts, args, count } = handed;
    const [all, own] = [process.cpuUsage(), process.threadCpuUsage()];
    worker.postMessage({ words, texts, args, count }, [words.buffer as ArrayBuffer]);
    calling.push(nanoseconds(own, process.threadCpuUsage()) / count);
    await new Promise((resolve) => worker.once("message", resolve));
    handing.push(nanoseconds(all, process.cpuUsage()) / count);
  }
  await worker.terminate();
  const warm = (costs: readonly number[]) => median(costs.slice(20));
  const [encode, hand, call] = [warm(encoding), warm(handing), warm(calling)];
  const what = `encoding by a worker / on the thread, CPU of all threads (${encode.toFixed(0)} ns a record there, or ${call.toFixed(0)} to hand it over)`;
  return [{ id: "P4e", what, value: (encode + hand) / encode, unit: "×", op: ">=", must: 1, aim: 1 }];
};

/** A stage that can be given away. */
function copyOf({ words, used, texts, args, argsUsed, count }: Stage): Stage {
  const made = new Stage(1);
  made.words = words.slice(0, used);
  made.used = used;
  made.count = count;
  made.texts.push(...texts);
  made.args.push(...args.slice(0, argsUsed));
  made.argsUsed = argsUsed;
  return made;
}

function nanoseconds(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number {
  return (to.user + to.system - from.user - from.system) * 1000;
}
