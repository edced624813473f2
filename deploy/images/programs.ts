/** The images, and what each runs. An image is called `wayward/<name>:<version>`. */
export interface Program {
  /** The workspace whose packages the bundle is made of. */
  readonly workspace: string;
  /** Where it starts, below the workspace. */
  readonly entry: string;
  /** Whether it analyses sessions, in threads whose program stands beside it. */
  readonly analyses: boolean;
  /** Whether it is the command line, which brings the agent along for `wayward run`. */
  readonly records: boolean;
}

export const PROGRAMS = {
  ingest: { workspace: "services/ingest", entry: "src/main.ts", analyses: false, records: false },
  archive: { workspace: "services/archive", entry: "src/main.ts", analyses: false, records: false },
  query: { workspace: "services/query", entry: "src/main.ts", analyses: true, records: false },
  stream: { workspace: "services/stream", entry: "src/main.ts", analyses: true, records: false },
  "all-in-one": { workspace: "clients/cli", entry: "src/main.ts", analyses: true, records: true },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as readonly ProgramName[];
