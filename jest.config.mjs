export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  globalSetup: "<rootDir>/test/setup.mjs",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024", experimental: { keepImportAttributes: true } },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/.cache/"],
  modulePathIgnorePatterns: ["<rootDir>/.cache/"],
  maxWorkers: 2,
  testTimeout: 30_000,
};
