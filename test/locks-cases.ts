/**
 * `npm run locks:cases`: the case library of the lock analyses as a table by
 * rule: scenarios that it is to be found in, innocent ones (no error and no
 * warning) of the topics that it has cases in, and wrong verdicts, which
 * follow by name. The last row counts scenarios: guilty, innocent, wrong.
 * Ends with code 1 if a verdict is wrong or a rule has no case.
 */
import { RULES } from "@wayward/analysis";
import { type JudgedCase, judgeCases } from "./locks-cases/judge.ts";

const cases = judgeCases();
const ofRule = Object.keys(RULES).map((rule) => rowOf(rule, cases));
const wrong = cases.filter((one) => one.wrong.length > 0);
const innocents = cases.filter(({ innocent }) => innocent).length;
const columns = ["expected", "innocent of its topics", "wrong"];

print("rule", columns);
for (const { rule, expected, innocents, wrongs } of ofRule) print(rule, [expected, innocents, wrongs]);
print(`all ${cases.length} scenarios`, [cases.length - innocents, innocents, wrong.length]);
for (const { name, wrong: rules, why } of wrong) {
  process.stdout.write(`WRONG ${name}: ${rules.join(", ")}. ${why}\n`);
}
const without = ofRule.filter(({ expected }) => expected === 0).map(({ rule }) => rule);
if (without.length > 0) process.stdout.write(`WRONG no case expects ${without.join(", ")}\n`);
process.exit(wrong.length + without.length === 0 ? 0 : 1);

function rowOf(rule: string, judged: readonly JudgedCase[]) {
  const expecting = judged.filter(({ expected }) => expected.has(rule));
  const topics = new Set(expecting.map(({ topic }) => topic));
  return {
    rule,
    expected: expecting.length,
    innocents: judged.filter(({ topic, expected, innocent }) => innocent && topics.has(topic) && !expected.has(rule))
      .length,
    wrongs: judged.filter((one) => one.wrong.includes(rule)).length,
  };
}

function print(head: string, cells: readonly (string | number)[]): void {
  const shown = cells.map((cell, at) => String(cell).padStart(columns[at]!.length + 2));
  process.stdout.write(`${head.padEnd(26)}${shown.join("")}\n`);
}
