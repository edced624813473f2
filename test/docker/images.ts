import { isDeepStrictEqual } from "node:util";
import { tempFolder } from "@wayward/testing";
import { row, secondsSince } from "./rows.ts";
import { said, trySaid } from "./run.ts";

const SIZE_MB = 220;

/** What build.ts tells of an image. */
interface Built {
  readonly image: string;
  readonly bundle: string;
  readonly file?: string;
}

/** What an image's containers are told. */
interface Settings {
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

const SETTINGS = ["User", "Labels", "Env", "Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "Volumes", "Healthcheck"];

/** What a container finds about itself. */
interface Inside {
  readonly uid: number;
  /** EROFS where nothing can be written. */
  readonly root: string;
  /** Effective ones, as a hexadecimal mask. */
  readonly capabilities: string;
  readonly bundle: string;
  /** Path, owner, mode and digest of all below /app and /data. */
  readonly files: readonly string[];
}

const PROBE = `
  const { createHash } = require("node:crypto");
  const { readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
  let root = "writable";
  try { writeFileSync("/app/probe", ""); } catch ({ code }) { root = code; }
  const told = (path) => {
    const { uid, mode } = statSync(path);
    const digest = statSync(path).isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
    return [path, uid, mode.toString(8), digest].join(" ");
  };
  const below = ["/app", "/data"].flatMap((folder) => {
    try { return [folder, ...readdirSync(folder, { recursive: true }).map((path) => folder + "/" + path)]; } catch { return []; }
  });
  console.log(JSON.stringify({
    uid: process.getuid(), root,
    capabilities: /CapEff:\\s*(\\S+)/.exec(readFileSync("/proc/self/status", "utf8"))[1],
    bundle: JSON.parse(readFileSync("/app/package.json", "utf8")).bundle,
    files: below.map(told).sort(),
  }));
`;

const HARDENED = ["--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"];

/** An image as the engine has it and as it is inside. */
interface Found {
  readonly bytes: number;
  readonly settings: Settings;
  readonly inside: Inside;
}

/**
 * Builds all images without an engine, then by the engine, both on a base of
 * this machine; the second ones stay. Looks at each, and whether both ways
 * give the same.
 */
export async function buildImages(env: NodeJS.ProcessEnv): Promise<void> {
  await using folder = await tempFolder("images");
  const begun = performance.now();
  const written = await build(["--archive", folder.path], env);
  row("images as files", `${written.length} in ${secondsSince(begun).toFixed(0)} s`, [
    written.length !== 5 && "not five",
  ]);
  const loaded = new Map<string, Found>();
  for (const { image, file = "" } of written) {
    await said("docker", ["load", "--input", file], { env });
    loaded.set(image, await find(image, env));
  }
  const then = performance.now();
  const built = await build(["--base", "local"], env);
  row("images by the engine", `${built.length} in ${secondsSince(then).toFixed(0)} s`, []);
  for (const one of built) await judge(one, loaded.get(one.image), env);
}

async function build(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Built[]> {
  const lines = await said(process.execPath, ["deploy/images/build.ts", ...args], { env, withinMs: 300_000 });
  return lines.split("\n").map((line) => JSON.parse(line));
}

async function find(image: string, env: NodeJS.ProcessEnv): Promise<Found> {
  const [told] = JSON.parse(await said("docker", ["image", "inspect", image], { env }));
  // Engines tell what is not set as null, as an empty list, or not at all.
  const settings = SETTINGS.map((name) => [
    name,
    Object.keys(told.Config[name] ?? {}).length ? told.Config[name] : null,
  ]);
  const inside = await said("docker", ["run", ...HARDENED, "--entrypoint=node", image, "-e", PROBE], { env });
  return { bytes: told.Size, settings: Object.fromEntries(settings), inside: JSON.parse(inside) };
}

async function judge({ image, bundle }: Built, loaded: Found | undefined, env: NodeJS.ProcessEnv): Promise<void> {
  const { bytes, settings, inside } = await find(image, env);
  const shell = await trySaid("docker", ["run", ...HARDENED, "--entrypoint=/bin/sh", image, "-c", "true"], { env });
  const help = await trySaid("docker", ["run", ...HARDENED, image, "--help"], { env });
  const megabytes = bytes / 1e6;
  row(image, `${megabytes.toFixed(0)} MB, uid ${inside.uid}, root ${inside.root}, ${bundle.slice(0, 12)}`, [
    megabytes > SIZE_MB && `over ${SIZE_MB} MB`,
    settings.User !== "65532:65532" && `user ${settings.User}`,
    inside.uid !== 65_532 && "another user inside",
    inside.root !== "EROFS" && "its root can be written",
    !/^0+$/.test(inside.capabilities) && `capabilities ${inside.capabilities}`,
    inside.bundle !== bundle && "the bundle's own hash is another",
    settings.Labels["wayward.bundle.sha256"] !== bundle && "the label's hash is another",
    settings.Labels["org.opencontainers.image.revision"] === undefined && "no label tells the revision",
    settings.Healthcheck === null && "no health check",
    shell !== undefined && "it has a shell",
    help === undefined && "it cannot tell its settings",
    !isDeepStrictEqual(settings, loaded?.settings) && "the file tells other settings",
    !isDeepStrictEqual(inside.files, loaded?.inside.files) && "the file holds other files",
  ]);
}
