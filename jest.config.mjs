// Tests run as ES modules. Without the flag jest would quietly compile them
// to CommonJS and fail on the first module that has no such form.
if (!process.execArgv.includes("--experimental-vm-modules") && !(process.env.NODE_OPTIONS ?? "").includes("--experimental-vm-modules")) {
  throw new Error("run the tests with `npm test`: jest needs node --experimental-vm-modules");
}

export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" } }],
  },
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/.cache/"],
  modulePathIgnorePatterns: ["<rootDir>/.cache/"],
  testTimeout: 30_000,
};
