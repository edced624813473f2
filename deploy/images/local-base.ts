/**
 * A base image from this machine alone: Node as the project pins it, the C
 * libraries that it is linked with, certificates, and names for root and the
 * user of the images. No shell. It stands in for the public base where no
 * registry can be reached, and in tests.
 */
import { existsSync, readFileSync } from "node:fs";
import { type Layer, layerOf } from "./archive/image.ts";
import type { TarEntry } from "./archive/tar.ts";
import { librariesOf } from "./libraries.ts";

/** Where Node stands in the public base too. */
const NODE = "nodejs/bin/node";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n",
  "etc/group": "root:x:0:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/** The base's name in an engine. */
export const LOCAL_BASE = `wayward/node:${process.versions.node}`;

/** The base as one layer, 130 MB. */
export function localBase(): Layer {
  return layerOf(entries());
}

function* entries(): Generator<TarEntry> {
  for (const folder of ["etc/", "etc/ssl/", "etc/ssl/certs/", "nodejs/", "nodejs/bin/"])
    yield { name: folder, content: undefined };
  yield { name: "tmp/", content: undefined, mode: 0o1777 };
  for (const [name, text] of Object.entries(FILES)) yield { name, content: Buffer.from(text) };
  if (existsSync(CERTIFICATES)) yield { name: CERTIFICATES.slice(1), content: readFileSync(CERTIFICATES) };
  yield { name: NODE, content: readFileSync(process.execPath), mode: 0o755 };
  for (const path of librariesOf(process.execPath))
    yield { name: path.slice(1), content: readFileSync(path), mode: 0o755 };
}
