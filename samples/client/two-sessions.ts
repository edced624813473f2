/**
 * Reads what several programs said as one answer: their messages in one order,
 * whoever made them, and then what the answer rests on.
 *
 *   npx wayward run -- node samples/client/ping.mjs
 *   npx node samples/client/two-sessions.ts ping pong
 */
import { connect } from "@wayward/client";

const client = connect();
const names = process.argv.slice(2);
for await (const { description, records } of client.find({ names })) {
  console.log(`${description?.name}: process ${description?.pid} on ${description?.host}, ${records} records`);
}

const answer = client.read({ names, kinds: ["log"] });
let first: bigint | undefined;
for await (const { aligned, sessionName, text } of answer) {
  first ??= aligned;
  console.log(`${(Number(aligned - first) / 1e6).toFixed(1)} ms  ${sessionName}  ${text}`);
}

const { records, sessions, gaps, complete } = answer.coverage!;
console.log(`${records} records of ${sessions} sessions, ${complete ? "complete" : "not complete"}`);
for (const { message } of gaps) console.log(message);
client.close();
