import { type Client, connect } from "@wayward/client";
import type { ControlRule } from "@wayward/record";
import { checkAddress, waitMs } from "./rules.ts";
import { setTopic } from "./set.ts";

/** Options of every command that sets or shows a control topic. */
export interface ControlCommand {
  readonly name?: string;
  readonly session?: string;
  readonly clear: boolean;
  readonly wait: string;
  readonly server?: string;
  readonly json?: boolean;
}

export interface ControlAction {
  readonly topic: string;
  /** What is asked for; undefined to show how it is. */
  readonly change: ((rules: readonly ControlRule[]) => ControlRule[]) | undefined;
  readonly show: (client: Client, json: boolean) => Promise<void>;
}

/** Changes a control topic as asked, for whom the options name, or shows it. */
export async function control(options: ControlCommand, { topic, change, show }: ControlAction): Promise<void> {
  const { name, session, clear, server, json = false } = options;
  checkAddress(options);
  const within = waitMs(options.wait);
  const client = connect({ server });
  try {
    if (change === undefined) await show(client, json);
    else await setTopic(client, { topic, change, address: clear ? {} : { name, session }, waitMs: within, json });
  } finally {
    client.close();
  }
}
