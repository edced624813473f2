import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needBinary } from "@wayward/testing";
import { Ajv } from "ajv";
import { parse } from "yaml";
import type { Manifest } from "./helm.ts";

/** The releases of Kubernetes that the chart is checked against: the oldest that it takes, the lab's, the newest. */
export const KUBERNETES = ["1.31", "1.35", "1.37"] as const;

/** Kinds that others bring to a cluster, and the Go module and file that define each. */
const BROUGHT: Readonly<Record<string, readonly [module: string, file: string]>> = {
  Certificate: ["github.com/cert-manager/cert-manager@v1.18.2", "deploy/crds/crd-certificates.yaml"],
  GRPCRoute: ["sigs.k8s.io/gateway-api@v1.4.0", "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml"],
  ScaledObject: ["github.com/kedacore/keda/v2@v2.18.0", "config/crd/bases/keda.sh_scaledobjects.yaml"],
  ServiceMonitor: prometheusOperator("servicemonitors"),
  PodMonitor: prometheusOperator("podmonitors"),
  PrometheusRule: prometheusOperator("prometheusrules"),
};

function prometheusOperator(plural: string): readonly [string, string] {
  const file = `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`;
  return ["github.com/prometheus-operator/prometheus-operator@v0.85.0", file];
}

export function isBrought({ kind }: Manifest): boolean {
  return kind in BROUGHT;
}

/** What kubernetes-validate says against these objects; a kind that it does not know is a fault. */
export async function faults(objects: readonly Manifest[], version: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "wayward-chart-"));
  try {
    const file = join(folder, "objects.yaml");
    writeFileSync(file, objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(""));
    const program = await needBinary("kubernetes-validate");
    const { stdout, stderr } = spawnSync(program, ["--strict", "-k", version, file], { encoding: "utf8" });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    return lines.filter((line) => !/\bINFO\b.*passed/.test(line)).map((line) => line.replace(file, ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The definition of a kind that others bring, or why it cannot be had here. */
export function definitionOf(kind: string): { readonly schema: object } | { readonly missing: string } {
  const [module = "", file = ""] = BROUGHT[kind] ?? [];
  const { status, stdout, stderr, error } = spawnSync("go", ["mod", "download", "-json", module], {
    cwd: tmpdir(),
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod" },
  });
  if (error !== undefined) return { missing: `go: ${error.message}` };
  if (status !== 0) return { missing: `go mod download ${module}: ${stdout}${stderr}` };
  // Some are templates of a chart, with conditions around what matters here.
  const text = readFileSync(join(JSON.parse(stdout).Dir, file), "utf8");
  const crd = parse(text.replaceAll(/^.*\{\{.*$/gm, ""));
  return {
    schema: strict(crd.spec.versions.find(({ storage }: { storage: boolean }) => storage).schema.openAPIV3Schema),
  };
}

/** What this definition says against an object. */
export function faultsOf(object: Manifest, schema: object): string[] {
  const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  check(object);
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Refuses fields that the definition does not name, as a server asked to be strict does. */
function strict(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema as never;
  // A flag inside a pattern is Go's; what it is about is left unchecked.
  const known = Object.entries(schema).filter(([name, value]) => name !== "pattern" || !String(value).includes("(?i)"));
  const all: Record<string, unknown> = Object.fromEntries(known.map(([name, value]) => [name, strict(value)]));
  const isMap = typeof all.properties === "object" && !("type" in (all.properties as object));
  return isMap && all.additionalProperties === undefined && Object.keys(all.properties as object).length > 0
    ? { ...all, additionalProperties: all["x-kubernetes-preserve-unknown-fields"] === true }
    : all;
}
