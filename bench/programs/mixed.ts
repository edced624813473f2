/** The agent under the usual mix, pushing by its own thread: `mixed.ts SPOOL INGEST`. One event is a turn. */
import { start } from "@wayward/agent";
import { MIX_NAMES } from "../mix.ts";
import { LOCKS, Turns } from "../turns.ts";
import { pause, serveEvents } from "./events.ts";

const [spool = "", server = ""] = process.argv.slice(2);
const agent = start({ name: "mixed", spool, server });
const own = MIX_NAMES.lanes.map((name) => agent.lane(name));
const channel = agent.channel(MIX_NAMES.channels[0]);
const locks = LOCKS.map((name) => agent.lock(name));
const heap = agent.memory("main");
const queue = agent.queue("orders");

const turns = new Turns({
  lane: (index, work) => own[index]!.run(work),
  zone: (name, work) => agent.zone(name, work),
  acquired: (lock) => locks[lock]!.acquired(),
  released: (lock) => locks[lock]!.released(),
  log: (format, count, table) => channel.info(format, count, table),
  alloc: (address, size) => heap.alloc(BigInt(address), size),
  free: (address) => heap.free(BigInt(address)),
  enqueue: (job, depth) => queue.enqueue(BigInt(job), depth),
  start: (job) => queue.start(BigInt(job)),
  finish: (job) => queue.finish(BigInt(job)),
});

serveEvents({
  event: (index) => turns.run(index),
  flush: () => {
    agent.flush();
    return pause();
  },
  finish: () => agent.delivered(),
});
