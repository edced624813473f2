import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findBinary, tempFolder } from "@wayward/testing";
import { librariesOf } from "../../deploy/images/libraries.ts";
import { said, trySaid } from "./run.ts";

/** Programs on PATH, as the public images have them, and wget, which their busybox has. */
export const SERVERS = [
  { variable: "WAYWARD_NATS_IMAGE", image: "wayward/test-nats", tool: "nats-server" },
  { variable: "WAYWARD_S3_IMAGE", image: "wayward/test-s3", tool: "versitygw" },
  {
    variable: "WAYWARD_PROMETHEUS_IMAGE",
    image: "wayward/test-prometheus",
    tool: "prometheus",
    // The public image's own folder is nobody's: a volume in its place would be too, and root without powers cannot write there.
    more: ["COPY --chown=65534:65534 nobodys /prometheus", 'VOLUME ["/prometheus"]'],
  },
] as const;

/**
 * Images of NATS, an S3 server and Prometheus, from the programs that the tests use,
 * as no registry need be reachable; gives the variables by which
 * docker-compose.yml takes them, or tells why there are none.
 */
export async function serverImages(env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>> | string> {
  const wget = await staticBusybox();
  if (wget === undefined) return "health checks of servers need Debian's busybox-static";
  const variables: Record<string, string> = {};
  for (const { variable, image, tool, ...server } of SERVERS) {
    const binary = await findBinary(tool);
    if (binary.path === undefined) return `${tool} cannot be had: ${binary.tried.join("; ")}`;
    await using folder = await tempFolder("image");
    const root = join(folder.path, "root");
    await cp(binary.path, join(root, "usr/local/bin", tool));
    await cp(wget, join(root, "usr/bin/wget"));
    // Debian's Prometheus is linked with the C library, the others with none.
    for (const path of librariesOf(binary.path)) await cp(path, join(root, path), { dereference: true });
    await mkdir(join(folder.path, "nobodys"));
    const more = "more" in server ? server.more : [];
    const lines = ["FROM scratch", "ENV PATH=/usr/local/bin:/usr/bin", "COPY root /", ...more];
    await writeFile(join(folder.path, "Dockerfile"), `${lines.join("\n")}\n`);
    await said("docker", ["build", "--quiet", "--tag", image, folder.path], { env });
    variables[variable] = image;
  }
  return variables;
}

/** One that needs no library. */
async function staticBusybox(): Promise<string | undefined> {
  const path = await trySaid("sh", ["-c", "command -v busybox"]);
  return path !== undefined && librariesOf(path).length === 0 ? path : undefined;
}
