import { expect, test } from "@jest/globals";
import { LOCK_TRACES, THRESHOLDS } from "@wayward/record";
import { createProgram } from "./program.ts";

/** What the first argument of a command may be. */
function choices(...names: readonly string[]): readonly string[] | undefined {
  let command = createProgram();
  for (const name of names) command = command.commands.find((below) => below.name() === name) ?? command;
  expect(command.name()).toBe(names.at(-1));
  return command.registeredArguments[0]?.argChoices;
}

test("switches what an agent knows: levels of channels and how much of locks", () => {
  expect(choices("levels")).toEqual(THRESHOLDS);
  expect(choices("locks", "trace")).toEqual(LOCK_TRACES);
});
