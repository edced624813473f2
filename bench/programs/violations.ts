/** Takes two locks of new classes in both orders for each number it is sent: `violations.ts SERVER SPOOL`. */
import { start } from "@wayward/agent";

const [server = "", spool = ""] = process.argv.slice(2);
const agent = start({ name: "violations", server, spool });

process.on("message", (number: number) => {
  const [first, second] = [agent.lock(`first-${number}`), agent.lock(`second-${number}`)];
  for (const [outer, inner] of [
    [first, second],
    [second, first],
  ] as const) {
    outer.acquired();
    inner.acquired();
    inner.released();
    outer.released();
  }
  process.send?.(number);
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
