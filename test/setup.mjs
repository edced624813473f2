/**
 * Runs once before the tests. Without the flag jest compiles them to CommonJS
 * and most pass, until one meets a module that has no such form.
 */
export default function setUp() {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")];
  if (flags.includes("--experimental-vm-modules")) return;
  throw new Error("run the tests with `npm test`: jest needs node --experimental-vm-modules");
}
