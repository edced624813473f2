/**
 * `kubectl` where there is no cluster: tells what a cluster would have that is
 * made of the manifests in the file that $MANIFESTS names, as JSON, and writes
 * what would change or forward something to the file $CALLS instead. It knows
 * what the documents ask, and fails at anything else.
 */
import { appendFileSync, readFileSync } from "node:fs";
import type { Manifest } from "../../deploy/helm/testing/helm.ts";

const { MANIFESTS = "", CALLS = "" } = process.env;
const WRITTEN = new Set(["annotate", "port-forward", "scale", "wait"]);
const manifests: Manifest[] = JSON.parse(readFileSync(MANIFESTS, "utf8"));
const [, , option, namespace, verb = "", ...rest] = process.argv;
const asked = rest.join(" ");

if (option !== "-n" || namespace !== "wayward") throw new Error("no namespace is named");
if (WRITTEN.has(verb)) appendFileSync(CALLS, `${verb} ${asked}\n`);
else if (verb === "get") process.stdout.write(answer());
else throw new Error(`kubectl ${verb} is not known`);

function answer(): string {
  const component = /^pods -l app\.kubernetes\.io\/component=(\w+) .*-o name$/.exec(asked)?.[1];
  if (component !== undefined) return podsOf(component).join("\n");
  const [, name = "", field = ""] = /^deploy\/(\S+) -o jsonpath=\{\.spec\.(.+)\}$/.exec(asked) ?? [];
  if (field === "replicas") return String(find("Deployment", name).spec.replicas);
  if (name !== "") return envOf(find("Deployment", name), field);
  const [, secret = "", key = ""] = /^secret (\S+) -o jsonpath=\{\.data\.(\S+)\}$/.exec(asked) ?? [];
  if (secret !== "") return find("Secret", secret).data?.[key.replaceAll("\\.", ".")] ?? "";
  throw new Error(`no answer is known to get ${asked}`);
}

function podsOf(component: string): string[] {
  return manifests
    .filter(({ kind, metadata }) => {
      const is = metadata.labels?.["app.kubernetes.io/component"];
      return is === component && (kind === "Deployment" || kind === "StatefulSet");
    })
    .flatMap(({ metadata, spec }) =>
      Array.from({ length: spec.replicas }, (_, index) => `pod/${metadata.name}-${index}`),
    );
}

/** A field of a variable of the first container. */
function envOf({ spec }: Manifest, field: string): string {
  const found = /^template\.spec\.containers\[0\]\.env\[\?\(@\.name=="(\w+)"\)\]\.(.+)$/.exec(field);
  if (found === null) throw new Error(`no such field is known: ${field}`);
  const [, name, path = ""] = found;
  const variable = spec.template.spec.containers[0].env.find((one: { name: string }) => one.name === name);
  return path.split(".").reduce((value, part) => value?.[part], variable) ?? "";
}

function find(kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`${kind} ${name} not found`);
  return found;
}
