/**
 * `npm run locks:random -- --programs 20000 --seed 7`: random lock programs,
 * as many of each family. An exhaustive search says whether one can hang; the
 * analyses see a run in which its lanes come one after another, so that it
 * never does. Prints the four counts, and what is wrong as lines of a lock
 * script. Ends with code 1 if a reachable deadlock was not reported, or a
 * report has no reason.
 */
import { parseArgs } from "node:util";
import { countPrograms, countsText } from "./locks-random/counts.ts";
import { FAMILIES } from "./locks-random/program.ts";

const { values } = parseArgs({
  options: { programs: { type: "string", default: "5000" }, seed: { type: "string", default: "1" } },
});
const [programs, seed] = [Number(values.programs), Number(values.seed)];
if (![programs, seed].every(Number.isSafeInteger) || programs < 1) {
  process.stderr.write(`--programs ${values.programs} and --seed ${values.seed} are not both whole numbers\n`);
  process.exit(2);
}
for (const family of FAMILIES) {
  const counts = countPrograms(family, programs, seed);
  process.stdout.write(`${countsText(counts)}\n`);
  for (const line of counts.wrong) process.stdout.write(`${line}\n`);
  if (counts.wrong.length > 0) process.exitCode = 1;
}
