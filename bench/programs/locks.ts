/** Takes locks all the time, recorded, until its parent goes. Arguments: server, spool folder. */
import { start } from "@wayward/agent";
import { pause } from "./events.ts";

const [, , server = "", spool = ""] = process.argv;
const agent = start({ name: "locks", server, spool });
const locks = Array.from({ length: 10 }, (_, number) => agent.lock(`class-${number}`));
process.once("disconnect", () => process.exit());
process.send?.("ready");
for (;;) {
  for (const lock of locks) {
    lock.wait();
    lock.acquired();
    lock.released();
  }
  await pause();
}
