import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ImageConfig } from "./dockerfile.ts";
import { type TarEntry, tar } from "./tar.ts";

/** One layer: a tar archive and its digest, `sha256:` and hex digits. */
export interface Layer {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

export interface Image {
  /** `wayward/ingest:0.1.0` */
  readonly name: string;
  /** As Node names it. */
  readonly processor: NodeJS.Architecture;
  readonly config: Partial<ImageConfig>;
  readonly layers: readonly Layer[];
}

/** A layer of these entries. */
export function layerOf(entries: Iterable<TarEntry>): Layer {
  const bytes = Buffer.concat([...tar(entries)]);
  return { bytes, digest: digestOf(bytes) };
}

/** A folder and all that is below it, to stand at `to` (absolute) in the image; nobody but root can change a file. */
export function* entriesOf(folder: string, to: string, owner = 0): Generator<TarEntry> {
  yield { name: `${to.slice(1)}/`, content: undefined, owner };
  const below = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  for (const path of below) {
    const place = join(folder, path);
    const stat = statSync(place);
    if (stat.isDirectory()) yield { name: `${join(to, path).slice(1)}/`, content: undefined, owner };
    else {
      const mode = stat.mode & 0o111 ? 0o755 : 0o644;
      yield { name: join(to, path).slice(1), content: readFileSync(place), mode, owner };
    }
  }
}

/**
 * Writes the image as a file that `docker load`, `podman load` and
 * `ctr images import` read: an OCI layout, with the list that older engines
 * look for beside it. Equal images give equal bytes.
 */
export function writeImage(file: string, { name, processor, config, layers }: Image): void {
  const architecture = processor === "x64" ? "amd64" : processor;
  const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
  const configBlob = json({ architecture, os: "linux", config, rootfs });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...sized(configBlob) },
    layers: layers.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", ...sized(layer.bytes) })),
  });
  const annotations = {
    "io.containerd.image.name": `docker.io/${name}`,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  };
  const described = { mediaType: "application/vnd.oci.image.manifest.v1+json", ...sized(manifest), annotations };
  const entries: TarEntry[] = [
    { name: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { name: "index.json", content: json({ schemaVersion: 2, manifests: [described] }) },
    {
      name: "manifest.json",
      content: json([
        {
          Config: placeOf(digestOf(configBlob)),
          RepoTags: [name],
          Layers: layers.map(({ digest }) => placeOf(digest)),
        },
      ]),
    },
    ...[configBlob, manifest, ...layers.map(({ bytes }) => bytes)].map((content) => ({
      name: placeOf(digestOf(content)),
      content,
    })),
  ];
  const output = openSync(file, "w");
  for (const piece of tar(entries)) writeSync(output, piece);
  closeSync(output);
}

function placeOf(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function sized(bytes: Uint8Array): { readonly digest: string; readonly size: number } {
  return { digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
