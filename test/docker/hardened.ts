import type { Inspected, Project } from "./compose.ts";
import { row } from "./rows.ts";

const HEALTHY_MS = 60_000;

/** Every container healthy, hardened and bounded. */
export async function hardened(what: string, project: Project): Promise<void> {
  let all: readonly Inspected[] = [];
  for (const until = performance.now() + HEALTHY_MS; performance.now() < until; ) {
    all = await project.containers();
    if (all.every(({ State }) => State.Health === undefined || State.Health.Status === "healthy")) break;
  }
  for (const { Name, Config, State, HostConfig } of all) {
    row(
      Name.replace(/^.*-e2e-\d+[-_]/, `${what}: `),
      `${State.Status}, ${State.Health?.Status ?? "not asked"}, ${HostConfig.Memory / 2 ** 20} MiB`,
      [
        State.Status !== "running" && "it does not run",
        State.Health !== undefined && State.Health.Status !== "healthy" && "it is not healthy",
        !/^(65532:65532|0:0)$/.test(Config.User) && `user ${Config.User}`,
        !HostConfig.ReadonlyRootfs && "its root can be written",
        !HostConfig.CapDrop?.includes("ALL") && "it keeps capabilities",
        !HostConfig.SecurityOpt?.some((option) => option.startsWith("no-new-privileges")) && "it may gain privileges",
        HostConfig.Memory === 0 && "no limit of memory",
        HostConfig.RestartPolicy.Name !== "unless-stopped" && "it is not started again",
      ],
    );
  }
}
