import { readFileSync } from "node:fs";

/** What servers that are not ours are taken from where nobody says otherwise. */
export const NATS_IMAGE = "nats:2.15.2-alpine";
export const S3_IMAGE = "versity/versitygw:v1.8.0";

/** Ports of every Wayward process. */
export const GRPC_PORT = 4610;
export const HTTP_PORT = 4611;

/** The image of this release, such as `wayward/ingest:0.1.0`. `registry` stands in place of `wayward`. */
export function imageOf(name: string, registry = "wayward"): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return `${registry}/${name}:${version}`;
}
