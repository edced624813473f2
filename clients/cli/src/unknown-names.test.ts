import { describe, expect, test } from "@jest/globals";
import { counterValue, type Kind, logMessage, memoryKinds } from "@wayward/record";
import { type Question, unknownNames } from "./unknown-names.ts";

const entry = ({ name, fields }: Kind) => ({
  name,
  fields: fields.map(({ name, type, role, unit, labels }) => ({
    name,
    type,
    role,
    unit,
    detail: labels?.join(",") ?? "",
  })),
});
const declared = [logMessage, counterValue, ...memoryKinds].map(entry);

const CASES: readonly [Question, readonly string[]][] = [
  [{ where: "level >= wran" }, ['level has no label "wran": it is one of trace, debug, info, warn, error, fatal']],
  [{ where: 'level = "warn" and channel ~ "no and such"' }, []],
  [{ where: "not (foo = 3 or level ~ wr)" }, ['no kind here has a field "foo"']],
  [{ where: "text ~ x and trace_id = 1 and kind = y" }, []],
  [{ kinds: ["lgo"] }, ['no kind or family "lgo" is here']],
  [{ kinds: ["log", "counter.value", "gc"] }, ['no kind or family "gc" is here']],
  [{ kinds: ["counter,log"] }, ['no kind or family "counter,log" is here; several are given as -k counter log']],
  [{ kinds: ["counter"], where: "level = warn" }, ['no kind of counter has a field "level"']],
  [
    { by: ["chanel"], measure: "durration" },
    ['no kind here has a field "chanel"', 'no kind here has a field "durration"'],
  ],
  [{ by: ["zone", "name"], measure: "duration" }, []],
];

describe("names in a question that nothing has", () => {
  test.each(CASES)("%j", (question, sentences) => {
    expect(unknownNames(question, declared)).toEqual(sentences);
  });

  test("nothing is misspelt where nothing is recorded", () => {
    expect(unknownNames({ kinds: ["lgo"], where: "foo = 3" }, [])).toEqual([]);
  });
});
