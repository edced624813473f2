/**
 * The agent under the usual mix, pushing by its own thread: `mixed.ts SPOOL
 * INGEST`. One event is TURN_RECORDS records on one of 16 lanes: 60 % zone,
 * 20 % lock, 10 % log with two arguments, 5 % memory, 5 % job.
 */
import { start } from "@wayward/agent";
import { MIX_NAMES } from "../mix.ts";
import { pause, serveEvents } from "./events.ts";

const [spool = "", server = ""] = process.argv.slice(2);
const agent = start({ name: "mixed", spool, server });
const { lanes, zones, formats, objects, channels, tables } = MIX_NAMES;
const own = lanes.map((name) => agent.lane(name));
const log = agent.channel(channels[0]);
const locks = objects.slice(0, -2).map((name) => agent.lock(name));
const heap = agent.memory("main");
const queue = agent.queue("orders");
let seed = 1;

function random(most: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed >>> 8) % most;
}

function pick<T>(list: readonly T[]): T {
  return list[random(list.length)]!;
}

function locked(): void {
  const lock = pick(locks);
  lock.acquired();
  lock.released();
}

function message(): void {
  log.info(pick(formats), random(10_000), pick(tables));
}

function turn(index: number): void {
  agent.zone(pick(zones), () => {
    agent.zone(pick(zones), locked);
    agent.zone(pick(zones), message);
    if (index & 1) heap.alloc(BigInt(random(1 << 20)) * 64n, 16 << random(10));
    else heap.free(BigInt(random(1 << 20)) * 64n);
  });
  agent.zone(pick(zones), () => {
    agent.zone(pick(zones), locked);
    agent.zone(pick(zones), message);
    const job = BigInt(Math.floor(index / 3));
    if (index % 3 === 0) queue.enqueue(job, random(30));
    else if (index % 3 === 1) queue.start(job);
    else queue.finish(job);
  });
}

serveEvents({
  event: (index) => own[index % own.length]!.run(() => turn(index)),
  flush: () => {
    agent.flush();
    return pause();
  },
  finish: () => agent.delivered(),
});
