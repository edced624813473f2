import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@wayward/testing";
import { parse } from "yaml";
import type { Apps, Env } from "./apps.ts";
import { CHART, type Release } from "./release.ts";

/** Where pods of `Apps.with` have their secret. */
const FOLDER = "/etc/wayward/access";

/** What a program is told of its secret. */
export const ACCESS: Env = { WAYWARD_KEY_FILE: `${FOLDER}/key`, WAYWARD_CA: `${FOLDER}/ca.crt` };

/** How a Prometheus is let in, as the ServiceMonitor tells it. */
interface Scraped {
  readonly authorization: { readonly credentials: { readonly name: string; readonly key: string } };
  readonly scheme: string;
  readonly tlsConfig: {
    readonly serverName: string;
    readonly ca: { readonly secret: { readonly name: string; readonly key: string } };
  };
}

const REFUSED = /^wayward_refused_calls_total\{[^}]*reason="([A-Z_]+)"[^}]*\} [1-9]/gm;

/** What metrics told. */
interface Scrape {
  /** Pods that told when their certificate expires, with the key; and that told anything without it. */
  readonly pods: number;
  readonly withoutKey: number;
  /** Reasons for which calls were refused. */
  readonly refused: readonly string[];
}

/** A key, and what services need to know of it. */
export interface Key {
  readonly text: string;
  readonly line: string;
}

/** The keys and certificates that the chart has made for a release, as its operator handles them. */
export class Doors {
  readonly #release: Release;
  readonly #apps: Apps;
  #made = 0;

  constructor(release: Release, apps: Apps) {
    this.#release = release;
    this.#apps = apps;
  }

  /** Where the services are, as the release tells it. */
  async addresses(): Promise<Env> {
    return JSON.parse(await this.#release.kubectl("get", "configmap", "wayward-clients", "--output", "json")).data;
  }

  /** A secret of the release. */
  async secret(name: string): Promise<Readonly<Record<string, string>>> {
    const { data } = JSON.parse(await this.#release.kubectl("get", "secret", name, "--output", "json"));
    const decoded = Object.entries(data as Record<string, string>).map(([key, value]) => {
      return [key, Buffer.from(value, "base64").toString()];
    });
    return Object.fromEntries(decoded);
  }

  /** A secret for pods elsewhere, as the notes of the installation make it. */
  async give(secret: string, key: string | undefined): Promise<void> {
    const ca = (await this.secret("wayward-tls"))["ca.crt"]!;
    await this.#apps.putSecret(secret, { "ca.crt": ca, ...(key === undefined ? {} : { key }) });
  }

  /** A new key of these scopes, which no service knows yet; made in this pod. */
  async makeKey(pod: string, ...scopes: readonly string[]): Promise<Key> {
    const file = `/tmp/keys-${this.#made++}`;
    const text = await this.#apps.wayward(pod, "keys", "create", "--file", file, "--scope", ...scopes);
    const print = `process.stdout.write(fs.readFileSync("${file}", "utf8"))`;
    return { text: text.trim(), line: await this.#apps.kubectl("exec", pod, "--", "node", "-e", print) };
  }

  /** Adds the key to those of the release, and waits until every pod lets it in. */
  async allow({ text, line }: Key): Promise<void> {
    const { keys } = await this.secret("wayward-keys");
    await this.#change({ keys: `${keys}${line}` });
    await this.#answered(text, "200");
  }

  /** Takes the key out, and waits until no pod lets it in. */
  async forbid({ text, line }: Key): Promise<void> {
    const { keys } = await this.secret("wayward-keys");
    await this.#change({ keys: keys!.replace(line, "") });
    await this.#answered(text, "401");
  }

  /** What a Prometheus gets that knows what the ServiceMonitor says. Throws where it is not let in. */
  async scraped(...values: readonly string[]): Promise<Scrape> {
    const monitored = ["monitoring.serviceMonitor.enabled=true", "networkPolicy.metricsFrom[0]=monitoring"];
    const set = [...values, ...monitored].flatMap((value) => ["--set", value]);
    const only = ["--namespace", this.#release.namespace, "--show-only", "templates/monitoring/monitors.yaml"];
    const monitor = parse(await this.#release.lab.must(["helm", "template", "wayward", CHART, ...only, ...set]));
    const { authorization, scheme, tlsConfig }: Scraped = monitor.spec.endpoints[0];
    const { credentials } = authorization;
    const key = (await this.secret(credentials.name))[credentials.key]!;
    const folder = mkdtempSync(join(tmpdir(), "wayward-doors-"));
    const ca = join(folder, "ca.crt");
    writeFileSync(ca, (await this.secret(tlsConfig.ca.secret.name))[tlsConfig.ca.secret.key]!);
    const scrape = async (address: string, ...more: readonly string[]) => {
      const to = ["--connect-to", `${tlsConfig.serverName}:4611:${address}:4611`, "--cacert", ca];
      const url = `${scheme}://${tlsConfig.serverName}:4611/metrics`;
      return this.#release.lab.run(["curl", "--silent", "--show-error", "--fail", ...to, ...more, url], 10_000);
    };
    const refused = new Set<string>();
    const counts = { pods: 0, withoutKey: 0 };
    for (const address of await this.#addresses()) {
      const { ok, stdout, stderr } = await scrape(address, "--header", `authorization: Bearer ${key}`);
      if (!ok) throw new Error(`${address}: ${stderr}`);
      if (stdout.includes("wayward_certificate_expires_seconds")) counts.pods++;
      if ((await scrape(address)).ok) counts.withoutKey++;
      for (const [, reason] of stdout.matchAll(REFUSED)) refused.add(reason!);
    }
    rmSync(folder, { recursive: true });
    return { ...counts, refused: [...refused].sort() };
  }

  async #change(stringData: Readonly<Record<string, string>>): Promise<void> {
    await this.#release.kubectl("patch", "secret", "wayward-keys", "--patch", JSON.stringify({ stringData }));
    // The kubelet looks once a minute; a pod that has changed it looks at now.
    await this.#release.kubectl("annotate", "pods", "--all", "--overwrite", `looked=${Date.now()}`);
  }

  /** Waits until each pod that answers calls says this to the key: metrics ask for any key. */
  async #answered(key: string, status: string): Promise<void> {
    const urls = (await this.#addresses()).map((address) => `https://${address}:4611/metrics`);
    const header = ["--header", `authorization: Bearer ${key}`];
    const ask = ["curl", "--silent", "--insecure", "--write-out", "%{http_code} ", ...header];
    const each = urls.flatMap((url) => ["--output", "/dev/null", url]);
    const expected = urls.map(() => status).join(" ");
    const isSaid = async () => (await this.#release.lab.run([...ask, ...each])).stdout.trim() === expected;
    await until(`every pod to answer ${status}`, isSaid, { withinMs: 150_000 });
  }

  /** Of the pods of the services. */
  async #addresses(): Promise<string[]> {
    const pods = await this.#release.pods();
    const services = new Set(["all-in-one", "archive", "ingest", "query", "stream"]);
    return pods
      .filter(({ metadata }) => services.has(metadata.labels["app.kubernetes.io/component"] ?? ""))
      .flatMap(({ status }) => status.podIP ?? []);
  }
}
