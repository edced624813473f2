/** Analyses sessions in a thread of its own, one after another: blocks come as bytes, the result goes back as plain data. */
import { parentPort } from "node:worker_threads";
import { present, unwrap, WaywardError } from "@wayward/base";
import { Dictionary, parseEnvelope, sections } from "@wayward/block";
import { sessionText } from "@wayward/record";
import { SessionAnalysis } from "../session-analysis.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const port = present(parentPort, "a thread has a port");
let analysis: SessionAnalysis | undefined;
let dictionary = new Dictionary();

port.on("message", (asked: ToWorker) => {
  try {
    port.postMessage(handle(asked));
  } catch (error) {
    const { code, reason, message } = WaywardError.from(error);
    port.postMessage({ type: "failed", error: { code, reason, message } } satisfies FromWorker);
  }
});

function handle(message: ToWorker): FromWorker {
  switch (message.type) {
    case "begin":
      dictionary = new Dictionary();
      for (const section of message.definitions) dictionary.add(section);
      analysis = new SessionAnalysis(message.facts, dictionary);
      return { type: "done" };
    case "block": {
      const envelope = unwrap(parseEnvelope(message.bytes));
      const { session, seq } = envelope.header;
      try {
        dictionary.add(sections(envelope).dictionary);
        present(analysis, "a session has begun").step(envelope);
      } catch (error) {
        const { code, reason, message: problem } = WaywardError.from(error);
        throw new WaywardError(code, reason, `block ${seq} of session ${sessionText(session)}: ${problem}`);
      }
      return { type: "done" };
    }
    case "finish":
      return { type: "result", result: present(analysis, "a session has begun").result() };
  }
}
