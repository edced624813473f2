/**
 * What the Dockerfiles of this folder say, for building them without an
 * engine: one stage, no RUN. Whatever else a line holds is refused, so that
 * an archive never differs in silence from what an engine would build.
 */

/** Runtime settings of an image, by the names of the OCI image configuration. */
export interface ImageConfig {
  readonly Labels: Record<string, string>;
  readonly Env: string[];
  readonly ExposedPorts: Record<string, object>;
  readonly Volumes: Record<string, object>;
  WorkingDir: string;
  User: string;
  Entrypoint: string[];
  Cmd: string[];
  Healthcheck: Healthcheck | undefined;
}

/** Durations in nanoseconds. */
interface Healthcheck {
  readonly Test: readonly string[];
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
}

/** A folder of the context that goes into the image. */
interface Copy {
  readonly from: string;
  readonly to: string;
  readonly owner: number;
}

export interface Parsed {
  readonly config: ImageConfig;
  readonly copies: readonly Copy[];
}

type Args = Readonly<Record<string, string>>;
type State = { readonly config: ImageConfig; readonly copies: Copy[] };

/** Reads a Dockerfile with these build arguments. Throws with the line that is not understood. */
export function parseDockerfile(text: string, args: Args): Parsed {
  const state: State = { config: emptyConfig(), copies: [] };
  const known: Record<string, string> = {};
  for (const line of linesOf(text)) {
    const [, word = "", rest = ""] = /^([A-Z]+)\s+(.+)$/s.exec(line) ?? [];
    const said = rest.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => known[name] ?? refuse(line));
    if (word === "ARG") {
      const [, name = refuse(line), fallback = refuse(line)] = /^(\w+)=(.*)$/.exec(said) ?? [];
      known[name] = args[name] ?? fallback;
    } else if (word !== "FROM") (INSTRUCTIONS[word] ?? refuse(line))(state, said);
  }
  return state;
}

const INSTRUCTIONS: Readonly<Record<string, (state: State, said: string) => void>> = {
  LABEL: ({ config }, said) => void Object.assign(config.Labels, Object.fromEntries(pairs(said))),
  ENV: ({ config }, said) => void config.Env.push(...pairs(said).map(([name, value]) => `${name}=${value}`)),
  COPY: ({ copies }, said) => {
    const [, owner = "0", from = refuse(said), to = refuse(said)] =
      /^(?:--chown=(\d+):\1 )?(\w+) (\/\w+)$/.exec(said) ?? [];
    copies.push({ from, to, owner: Number(owner) });
  },
  WORKDIR: ({ config }, said) => {
    config.WorkingDir = said;
  },
  USER: ({ config }, said) => {
    config.User = said;
  },
  EXPOSE: ({ config }, said) => {
    for (const port of said.split(" ")) config.ExposedPorts[`${port}/tcp`] = {};
  },
  VOLUME: ({ config }, said) => {
    for (const path of list(said)) config.Volumes[path] = {};
  },
  HEALTHCHECK: ({ config }, said) => {
    const [, interval = refuse(said), timeout = refuse(said), startPeriod = refuse(said), command = refuse(said)] =
      /^--interval=(\d+)s --timeout=(\d+)s --start-period=(\d+)s CMD (\[.*\])$/.exec(said) ?? [];
    const ns = (seconds: string) => Number(seconds) * 1e9;
    const times = { Interval: ns(interval), Timeout: ns(timeout), StartPeriod: ns(startPeriod) };
    config.Healthcheck = { Test: ["CMD", ...list(command)], ...times };
  },
  ENTRYPOINT: ({ config }, said) => {
    config.Entrypoint = list(said);
  },
  CMD: ({ config }, said) => {
    config.Cmd = list(said);
  },
};

function emptyConfig(): ImageConfig {
  const lists = { Env: [], Entrypoint: [], Cmd: [] };
  return { Labels: {}, ExposedPorts: {}, Volumes: {}, ...lists, WorkingDir: "/", User: "", Healthcheck: undefined };
}

/** Without comments and empty lines, continued lines as one. */
function linesOf(text: string): string[] {
  const whole = text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  return whole.split("\n").filter((line) => line !== "");
}

/** `name="value"`, with blanks between. */
function pairs(said: string): [string, string][] {
  const found = [...said.matchAll(/([\w.]+)="([^"]*)"(?:\s+|$)/g)];
  if (found.map(([all]) => all).join("") !== said) refuse(said);
  return found.map(([, name = "", value = ""]) => [name, value]);
}

function list(said: string): string[] {
  return JSON.parse(said);
}

function refuse(line: string): never {
  throw new Error(`not understood without an engine: ${line}`);
}
