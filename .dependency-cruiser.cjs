// Who may import whom. Everything that is not allowed here is refused, and
// there is no list of exceptions. ARCHITECTURE.md says why each row stands.

/** The workspaces, by the name that the rows below use. */
const places = {
  api: "packages/api",
  base: "packages/base",
  access: "packages/access",
  record: "packages/record",
  block: "packages/block",
  chunk: "packages/chunk",
  bus: "packages/bus",
  store: "packages/store",
  reader: "packages/reader",
  analysis: "packages/analysis",
  client: "packages/client",
  testcontainers: "packages/testcontainers",
  kit: "packages/service-kit",
  ingest: "services/ingest",
  archive: "services/archive",
  query: "services/query",
  stream: "services/stream",
  allInOne: "services/all-in-one",
  agent: "agents/node",
  collector: "agents/collector",
  cli: "clients/cli",
};

/** Beside base and api, which everyone may import. */
const mayImport = {
  base: [],
  access: [],
  api: [],
  record: [],
  block: ["record"],
  chunk: ["record", "block"],
  bus: [],
  store: [],
  reader: ["record", "block", "chunk", "bus", "store"],
  analysis: ["record", "block"],
  client: ["record", "block", "access"],
  testcontainers: ["access"],
  kit: ["record", "access"],
  ingest: ["kit", "record", "bus", "block"],
  archive: ["kit", "record", "bus", "store", "block", "chunk"],
  query: ["kit", "record", "reader", "bus", "store", "block", "chunk", "analysis", "collector"],
  stream: ["kit", "record", "access", "reader", "bus", "store", "block", "chunk", "analysis", "collector"],
  allInOne: ["kit", "record", "access", "ingest", "archive", "query", "stream", "bus", "store"],
  collector: ["record", "block", "access"],
  agent: ["record", "block", "access", "collector"],
  cli: ["record", "block", "access", "chunk", "store", "analysis", "client", "collector", "agent", "kit", "allInOne"],
};

const WORKSPACE = "^((?:packages|services|agents|clients)/[^/]+)/";
const OUTSIDE = "^(?:deploy|test|bench|samples|conformance)/";
/** What tests alone use stands in src/testing. */
const TESTS = "\\.test\\.ts$|/src/testing/";
const CORE = "/core/";

const under = (names) => `^(?:${names.map((name) => places[name]).join("|")})/`;

const allowedRow = ([name, others]) => ({
  from: { path: under([name]) },
  to: { path: under(name === "base" || name === "api" ? [name] : [name, "base", "api", ...others]) },
});

/** An outside system is spoken to in one workspace only. */
const oneDoor = (system, owner, module) => ({
  name: `one-door-to-${system}`,
  comment: `Only ${places[owner]} speaks to ${system}: use what it exports.`,
  severity: "error",
  from: { pathNot: [`^${places[owner]}/`, "^packages/testing/", OUTSIDE, TESTS] },
  to: { path: `^node_modules/${module}/` },
});

/** Forbids the cores what would make a run depend on more than its events. */
const coreRule = (name, comment, to) => ({
  name: `core-${name}`,
  comment,
  severity: "error",
  from: { path: CORE, pathNot: TESTS },
  to,
});

module.exports = {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Each file can be understood after those that it imports.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared-package",
      comment: "Name the package in the package.json of the workspace that imports it.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-tool-in-product",
      comment: "What only the root's devDependencies hold is not there when the product is installed.",
      severity: "error",
      from: { path: WORKSPACE, pathNot: [TESTS, "^packages/testing/", "/contract\\.ts$"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "^node_modules/@types/" },
    },
    {
      name: "enter-by-the-index",
      comment: "A workspace shows what its src/index.ts exports, and nothing else.",
      severity: "error",
      from: { path: WORKSPACE },
      to: { path: WORKSPACE, pathNot: ["^$1/", "/src/index\\.ts$"] },
    },
    {
      name: "enter-by-the-index-from-outside",
      comment: "Samples, benches and system tests use a workspace as its users do.",
      severity: "error",
      from: { path: OUTSIDE },
      to: { path: WORKSPACE, pathNot: "/src/index\\.ts$" },
    },
    {
      name: "testing-is-for-tests",
      comment: "No product code may need packages/testing.",
      severity: "error",
      from: { path: WORKSPACE, pathNot: [TESTS, "^packages/testing/", "/contract\\.ts$"] },
      to: { path: "^packages/testing/" },
    },
    {
      name: "testing-folders-are-for-tests",
      comment: "What stands in src/testing is made for the workspace's tests alone.",
      severity: "error",
      from: { path: WORKSPACE, pathNot: [TESTS, "^packages/testing/", "/contract\\.ts$"] },
      to: { path: "/src/testing/" },
    },
    {
      name: "all-in-one-is-lazy",
      comment: "The command line loads the servers only for `wayward up`: import() them.",
      severity: "error",
      from: { path: under(["cli"]), pathNot: TESTS },
      to: { path: under(["allInOne"]), dynamic: false, dependencyTypesNot: ["type-only"] },
    },
    oneDoor("nats", "bus", "nats"),
    oneDoor("s3", "store", "@aws-sdk"),
    oneDoor("prometheus", "kit", "prom-client"),
    oneDoor("containers", "testcontainers", "testcontainers"),
    coreRule("uses-no-system", "Cores get clock, disk and network as effects and events (design: pure cores).", {
      dependencyTypes: ["core"],
      pathNot: "^(?:node:)?(?:assert|buffer|util|zlib)$",
      dependencyTypesNot: ["type-only"],
    }),
    coreRule("uses-no-package", "Cores run alike under a simulation: no package from the registry.", {
      path: "^node_modules/",
      dependencyTypesNot: ["type-only"],
    }),
    coreRule("takes-ports-as-types", "Cores know bus, store and services by their types only.", {
      path: under(["bus", "store", "kit", "collector", "agent", "allInOne"]),
      pathNot: CORE,
      dependencyTypesNot: ["type-only"],
    }),
  ],
  allowedSeverity: "error",
  allowed: [
    ...Object.entries(mayImport).map(allowedRow),
    { from: { path: WORKSPACE }, to: { path: "^node_modules/" } },
    { from: { path: WORKSPACE }, to: { dependencyTypes: ["core"] } },
    { from: { path: `^packages/testing/|${OUTSIDE}|${TESTS}|/contract\\.ts$` }, to: {} },
  ],
  options: {
    tsPreCompilationDeps: true,
    // Tests use the tools that the root declares.
    combinedDependencies: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    // A stranger's program with packages of its own, which a checkout need not have.
    exclude: { path: "^test/real-server/server\\.mjs$" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs"],
    },
  },
};
