/**
 * Two nested locks and some work while both are held, on four lanes in turn:
 * `nest.ts SPOOL ROUNDS`, without a spool as SPOOL `off`: without an agent.
 * Says the CPU microseconds that the rounds have taken in all threads.
 */
import { type Agent, start } from "@wayward/agent";
import { pause } from "./events.ts";

const LANES = 4;
const PAIRS = 8;
/** Steps of work while both locks are held. */
const WORK = 400;
/** Rounds between two turns of timers and threads. */
const BATCH = 4_096;

const [spool = "off", rounds = "0"] = process.argv.slice(2);

function work(from: number): number {
  let seed = from;
  for (let step = 0; step < WORK; step++) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
  }
  return seed;
}

function bare(begin: number, until: number): number {
  let seed = 1;
  for (let round = begin; round < until; round++) seed = work(seed);
  return seed;
}

function recorded(agent: Agent): (begin: number, until: number) => number {
  const lanes = Array.from({ length: LANES }, (_, lane) => agent.lane(`lane-${lane}`));
  const outer = Array.from({ length: PAIRS }, (_, pair) => agent.lock("outer", { instance: `outer-${pair}` }));
  const inner = Array.from({ length: PAIRS }, (_, pair) => agent.lock("inner", { instance: `inner-${pair}` }));
  const share = BATCH / LANES;
  return (begin) => {
    let seed = 1;
    for (const [number, lane] of lanes.entries()) {
      lane.run(() => {
        for (let round = begin + number * share; round < begin + (number + 1) * share; round++) {
          const pair = round % PAIRS;
          outer[pair]!.acquired();
          inner[pair]!.acquired();
          seed = work(seed);
          inner[pair]!.released();
          outer[pair]!.released();
        }
      });
    }
    return seed;
  };
}

const run = spool === "off" ? bare : recorded(start({ name: "nest", spool }));
let result = run(0, BATCH);
await pause();
const before = process.cpuUsage();
for (let begin = 0; begin < Number(rounds); begin += BATCH) {
  result ^= run(begin, begin + BATCH);
  await pause();
}
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${user + system}\n`);
process.exitCode = Number.isNaN(result) ? 1 : 0;
