import { row, secondsSince } from "./rows.ts";
import { said, trySaid } from "./run.ts";

const SIZE_MB = 220;

/** What build.ts tells of an image. */
interface Built {
  readonly image: string;
  readonly bundle: string;
}

interface Inspected {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
}

/** Tells, from inside a container, who it is and what it may. */
const PROBE = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const status = readFileSync("/proc/self/status", "utf8");
  let root = "writable";
  try { writeFileSync("/app/probe", ""); } catch ({ code }) { root = code; }
  const version = JSON.parse(readFileSync("/app/package.json", "utf8")).bundle;
  console.log(JSON.stringify({ uid: process.getuid(), root, capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1], version }));
`;

/** Builds all images on a base of this machine, twice to see equal hashes, and looks at each. */
export async function buildImages(env: NodeJS.ProcessEnv): Promise<void> {
  const begun = performance.now();
  const build = async (...args: string[]): Promise<Built[]> => {
    const lines = await said(process.execPath, ["deploy/images/build.ts", ...args], { env, withinMs: 300_000 });
    return lines.split("\n").map((line) => JSON.parse(line));
  };
  const built = await build("--base", "local");
  row("build", `${built.length} images in ${secondsSince(begun).toFixed(0)} s`, [built.length !== 5 && "not five"]);
  const again = await build("--bundles");
  const hashes = (list: readonly Built[]) => list.map(({ bundle }) => bundle).join();
  row("build again", "bundles alone", [hashes(again) !== hashes(built) && "another hash"]);
  for (const one of built) await lookAt(one, env);
}

async function lookAt({ image, bundle }: Built, env: NodeJS.ProcessEnv): Promise<void> {
  const [facts]: Inspected[] = JSON.parse(await said("docker", ["image", "inspect", image], { env }));
  if (facts === undefined) return row(image, "", ["the engine does not know it"]);
  const { Size, Config } = facts;
  const hardened = [
    "run",
    "--rm",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=none",
  ];
  const inside = JSON.parse(await said("docker", [...hardened, "--entrypoint=node", image, "-e", PROBE], { env }));
  const shell = await trySaid("docker", [...hardened, "--entrypoint=/bin/sh", image, "-c", "true"], { env });
  const help = await trySaid("docker", [...hardened, image, "--help"], { env });
  const megabytes = Size / 1e6;
  row(image, `${megabytes.toFixed(0)} MB, uid ${inside.uid}, root ${inside.root}, ${bundle.slice(0, 12)}`, [
    megabytes > SIZE_MB && `over ${SIZE_MB} MB`,
    Config.User !== "65532:65532" && `user ${Config.User}`,
    inside.uid !== 65_532 && "another user inside",
    inside.root !== "EROFS" && "its root can be written",
    !/^0+$/.test(inside.capabilities) && `capabilities ${inside.capabilities}`,
    inside.version !== bundle && "the bundle's own hash is another",
    Config.Labels["wayward.bundle.sha256"] !== bundle && "the label's hash is another",
    Config.Labels["org.opencontainers.image.revision"] === undefined && "no label tells the revision",
    Config.Healthcheck === undefined && "no health check",
    shell !== undefined && "it has a shell",
    help === undefined && "it cannot tell its settings",
  ]);
}
