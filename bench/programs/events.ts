import { setTimeout as sleep } from "node:timers/promises";

/** A library under measurement, in a process of its own. */
export interface Library {
  /** One zone with one log message of two arguments in it. */
  event(index: number): void;
  /** Awaited after each batch, so that nothing has to be dropped. */
  flush(): Promise<void>;
  /** Awaited when all is made. */
  finish(): Promise<void>;
}

/** Events between two flushes: the queue of OTel's batch processors. */
const BATCH = 2048;

export const TABLES = ["orders", "customers", "items", "stock"] as const;

/**
 * Serves the parent's messages: a number makes so many events, `cpu` asks
 * for the CPU microseconds that all threads of this process have taken.
 */
export function serveEvents({ event, flush, finish }: Library): void {
  process.on("message", async (message: number | "cpu") => {
    if (message === "cpu") {
      const { user, system } = process.cpuUsage();
      process.send?.(user + system);
      return;
    }
    for (let made = 0; made < message; ) {
      for (const until = Math.min(message, made + BATCH); made < until; made++) event(made);
      await flush();
    }
    await finish();
    process.send?.(message);
  });
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}

/** Lets timers and sockets have their turn. */
export function pause(): Promise<void> {
  return sleep(2);
}
