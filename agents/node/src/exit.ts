import type { Agent } from "./agent.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Marks a listener as an agent's: a program may have two, of two versions. */
const OURS = Symbol.for("wayward.agent.signal");

/** Writes everything when the process ends; exit code and death by signal stay as they would be. */
export function endWithProcess(agent: Agent): void {
  process.on("exit", (code) => agent.finish(String(code)));
  process.on("uncaughtExceptionMonitor", () => agent.flush());
  for (const signal of SIGNALS) {
    const onSignal = () => {
      // Somebody else decides what the signal does: what they do ends in `exit`.
      if (process.listeners(signal).some((listener) => !(OURS in listener))) {
        agent.flush();
        return;
      }
      agent.finish(signal);
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, Object.assign(onSignal, { [OURS]: true }));
  }
}
