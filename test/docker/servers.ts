import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findBinary, tempFolder } from "@wayward/testing";
import { said, trySaid } from "./run.ts";

/** Programs at the places where the public images have them: both stand on Alpine, whose wget is busybox. */
const SERVERS = [
  { variable: "WAYWARD_NATS_IMAGE", image: "wayward/test-nats", tool: "nats-server" },
  { variable: "WAYWARD_S3_IMAGE", image: "wayward/test-s3", tool: "versitygw" },
] as const;

/**
 * Images of NATS and of an S3 server, from the programs that the tests use,
 * as no registry need be reachable; gives the variables by which
 * docker-compose.yml takes them, or tells why there are none.
 */
export async function serverImages(env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>> | string> {
  const wget = await staticBusybox();
  if (wget === undefined) return "health checks of NATS and S3 need Debian's busybox-static";
  const variables: Record<string, string> = {};
  for (const { variable, image, tool } of SERVERS) {
    const binary = await findBinary(tool);
    if (binary.path === undefined) return `${tool} cannot be had: ${binary.tried.join("; ")}`;
    await using folder = await tempFolder("image");
    await copyFile(binary.path, join(folder.path, tool));
    await copyFile(wget, join(folder.path, "wget"));
    const lines = [
      "FROM scratch",
      "ENV PATH=/usr/local/bin:/usr/bin",
      `COPY ${tool} /usr/local/bin/`,
      "COPY wget /usr/bin/",
    ];
    await writeFile(join(folder.path, "Dockerfile"), `${lines.join("\n")}\n`);
    await said("docker", ["build", "--quiet", "--tag", image, folder.path], { env });
    variables[variable] = image;
  }
  return variables;
}

/** One that needs no library, as `ldd` tells by failing. */
async function staticBusybox(): Promise<string | undefined> {
  const path = await trySaid("sh", ["-c", "command -v busybox"]);
  return path !== undefined && (await trySaid("ldd", [path])) === undefined ? path : undefined;
}
