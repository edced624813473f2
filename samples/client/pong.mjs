// Started by ping.mjs: says "pong" some time after each "ping".
import { setTimeout as pause } from "node:timers/promises";

process.on("message", async (turn) => {
  await pause(10);
  console.log("pong %d", turn);
  process.send(turn);
});
