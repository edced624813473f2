/** One writer of the storm: so many numbered records, spread over some seconds. Arguments: name, records, seconds. */
import { start } from "@wayward/agent";
import { defineKind, f } from "@wayward/record";

const [name = "writer", records = "1000", seconds = "1"] = process.argv.slice(2);
const tick = defineKind("storm.tick", [f.u64("n"), f.ref("group", "string", { role: "key" })]);
const STEP_MS = 20;
const GROUPS = ["red", "green", "blue", "grey", "gold"];

const agent = start({ name });
const { record } = agent.kind(tick);
const total = Number(records);
const perStep = Math.ceil(total / ((Number(seconds) * 1000) / STEP_MS));
let n = 0;
const timer = setInterval(() => {
  for (const until = Math.min(total, n + perStep); n < until; n++) record({ n, group: GROUPS[n % 5] });
  agent.flush();
  if (n < total) return;
  clearInterval(timer);
  process.stdout.write(`${n}\n`);
}, STEP_MS);
