import type { Program } from "./program.ts";

/** The least program that is still wrong: without whole lanes, then without a lock's taking and release. */
export function shrink(program: Program, isWrong: (program: Program) => boolean): Program {
  for (const smaller of smallerOnes(program)) if (isWrong(smaller)) return shrink(smaller, isWrong);
  return program;
}

function* smallerOnes(program: Program): Generator<Program> {
  for (const lane of program.keys()) {
    if (program.length > 1) yield program.filter((_, index) => index !== lane);
  }
  for (const [lane, steps] of program.entries()) {
    for (const [at, { op, lock }] of steps.entries()) {
      if (op === "release") continue;
      const end = steps.findIndex((step, index) => index > at && step.op === "release" && step.lock === lock);
      const rest = steps.filter((_, index) => index !== at && index !== end);
      if (rest.length > 0) yield program.map((other, index) => (index === lane ? rest : other));
    }
  }
}
