import { spawnSync } from "node:child_process";
import { needBinary } from "@wayward/testing";
import { parseAllDocuments } from "yaml";
import { CHART } from "../values/tree.ts";

/** What helm printed, and whether it took the values. */
export interface HelmAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** An object of Kubernetes, as rendered. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, and kubernetes-validate checks it.
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** Runs helm to its end. */
export async function helm(...args: readonly string[]): Promise<HelmAnswer> {
  const { status, stdout, stderr } = spawnSync(await needBinary("helm"), args, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { ok: status === 0, stdout, stderr };
}

/** `helm template` of the chart as release `wayward` in namespace `wayward`. */
export function template(...args: readonly string[]): Promise<HelmAnswer> {
  return helm("template", "wayward", CHART, "--namespace", "wayward", ...args);
}

/** What the chart renders with these arguments. Throws helm's words where it renders nothing. */
export async function render(...args: readonly string[]): Promise<string> {
  const { ok, stdout, stderr } = await template(...args);
  if (!ok) throw new Error(stderr);
  return withoutChance(stdout);
}

export function manifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document): Manifest | null => document.toJS())
    .filter((manifest) => manifest !== null);
}

/** A password, key or certificate that nobody gave is another one at each render. */
function withoutChance(text: string): string {
  const made = /^( {2}(?:password|secret-access-key|keys|agent|admin|ca\.crt|tls\.crt|tls\.key): ).{40,}$/gm;
  return text.replaceAll(made, "$1bWFkZSBhdCBpbnN0YWxs");
}
