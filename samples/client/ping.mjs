// Two programs that talk, and know nothing of Wayward: this one starts the other and says "ping" first.
import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

const pong = fork(new URL("pong.mjs", import.meta.url));
for (let turn = 1; turn <= 5; turn++) {
  console.log("ping %d", turn);
  pong.send(turn);
  await new Promise((resolve) => pong.once("message", resolve));
  await pause(10);
}
pong.disconnect();
