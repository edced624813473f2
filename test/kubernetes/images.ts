import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { needBinary, type Tool } from "@wayward/testing";
import { layerOf, writeImage } from "../../deploy/images/archive/image.ts";
import type { Lab } from "./lab.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, ".cache", "kubernetes-images");

/** The images of others that the chart names, made of the same program from scratch, for no registry can be asked. */
const FOREIGN: readonly { readonly tool: Tool; readonly name: string; readonly place: string }[] = [
  { tool: "nats-server", name: "library/nats:2.15.2", place: "nats-server" },
  { tool: "versitygw", name: "versity/versitygw:v1.8.0", place: "app/versitygw" },
];

/** Builds all images that the chart uses and brings them into the lab. */
export async function importImages(lab: Lab): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const built = execFileSync(process.execPath, ["deploy/images/build.ts", "--archive", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const own = built
    .trim()
    .split("\n")
    .map((line): { readonly image: string; readonly file: string } => JSON.parse(line));
  const foreign = await Promise.all(FOREIGN.map(foreignImage));
  for (const { file } of [...own, ...foreign]) await lab.must(["import", file]);
  rmSync(folder, { recursive: true });
  return [...own, ...foreign].map(({ image }) => image);
}

async function foreignImage({ tool, name, place }: (typeof FOREIGN)[number]) {
  const program = { name: place, content: readFileSync(await needBinary(tool)), mode: 0o755 };
  const passwd = { name: "etc/passwd", content: Buffer.from("nonroot:x:65532:65532::/:/sbin/nologin\n") };
  const file = join(folder, `${tool}.tar`);
  const layers = [layerOf([{ name: "tmp/", content: undefined, mode: 0o1777 }, passwd, program])];
  writeImage(file, {
    name,
    processor: process.arch,
    config: { Entrypoint: [`/${place}`], User: "65532:65532" },
    layers,
  });
  return { image: name, file };
}
