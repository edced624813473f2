/** Sends requests to `http://127.0.0.1:PORT`: each message is `PATH COUNT`. */
import { Agent, get } from "node:http";

const [port = ""] = process.argv.slice(2);
const CONNECTIONS = 16;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function visit(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`));
      response.resume().once("end", resolve);
    }).once("error", reject);
  });
}

process.on("message", async (message: string) => {
  const [path = "", count = "0"] = message.split(" ");
  let left = Number(count);
  const visitor = async () => {
    while (left-- > 0) await visit(path);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, visitor));
  process.send?.("done");
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
