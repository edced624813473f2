import { describe, expect, test } from "@jest/globals";
import { selection } from "@wayward/api";
import { sessionText } from "@wayward/record";
import { coverageLines } from "./coverage.ts";

const [shown, hidden] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
const gap = (session: Buffer) => ({ session, cause: selection.GapCause.GAP_CAUSE_UNCLEAN_END, message: "killed" });
const coverage = (gaps: Buffer[], gapsLeftOut = 0n) =>
  selection.Coverage.fromPartial({
    records: 21n,
    sessions: 3n,
    gaps: gaps.map(gap),
    gapsLeftOut,
    complete: !gaps.length,
  });
const part = (more: boolean) => ({ records: 20, sessions: new Set([sessionText(shown)]), more });
const line = `  gap UNCLEAN_END in ${sessionText(shown)}: killed`;

describe("what an answer rests on", () => {
  test.each([
    [coverageLines(coverage([])), ["21 records of 3 sessions, complete"]],
    [coverageLines(coverage([]), part(true)), ["first 20 records of 3 sessions, more follow"]],
    [coverageLines(coverage([shown], 4n)), ["21 records of 3 sessions, with gaps", line, "  and 4 more gaps"]],
    [
      coverageLines(coverage([hidden, shown]), part(false)),
      ["21 records of 3 sessions, with gaps", line, "  and 1 more gap in sessions of which nothing is shown"],
    ],
    [
      coverageLines(coverage([hidden]), part(true)),
      ["first 20 records of 3 sessions, more follow", "  1 gap in sessions of which nothing is shown"],
    ],
  ])("%s", (text, lines) => expect(text.trimEnd().split("\n")).toEqual(lines));
});
