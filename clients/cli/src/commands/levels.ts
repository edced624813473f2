import { type ControlRule, LEVELS_TOPIC, THRESHOLDS } from "@wayward/record";
import { type ControlCommand, control } from "../control/command.ts";
import { badOption, withoutRules, withRule } from "../control/rules.ts";
import { showStatus } from "../control/status.ts";

export interface LevelsCommand extends ControlCommand {
  readonly channel?: string;
}

/** `wayward levels`: the least level that channels of running agents record, and of those that start later. */
export async function levels(level: string | undefined, options: LevelsCommand): Promise<void> {
  await control(options, {
    topic: LEVELS_TOPIC,
    change: changeOf(level, options),
    show: (client, json) => showStatus(client, VIEW, json),
  });
}

const VIEW = {
  topic: LEVELS_TOPIC,
  without: "no rules: channels have the levels that programs themselves give them",
  columns: ["channel", "level", "name", "session"].map((field) => ({ title: field.toUpperCase(), field })),
  kinds: [],
};

/** What is asked for; undefined to show how it is. */
function changeOf(
  level: string | undefined,
  { channel, name, session, clear }: LevelsCommand,
): ((rules: readonly ControlRule[]) => ControlRule[]) | undefined {
  if (clear) {
    if (level !== undefined) throw badOption("the level", level, "to be given with --clear");
    return (rules) => withoutRules(rules, { channel, name, session });
  }
  if (level === undefined) {
    const stray = channel ?? name ?? session;
    if (stray !== undefined) throw badOption("the level", "", `one of ${THRESHOLDS.join(", ")}`);
    return undefined;
  }
  if (channel === undefined || channel === "") throw badOption("--channel", channel ?? "", "a channel");
  return (rules) => withRule(rules, { channel, level, name, session }, "channel");
}
