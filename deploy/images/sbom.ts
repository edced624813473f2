import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What this file reads of a CycloneDX document. */
interface Document {
  serialNumber?: string | undefined;
  readonly metadata: { readonly timestamp?: string; readonly component: object };
  readonly components: readonly { readonly "bom-ref": string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** What this file reads of the lockfile: packages by the folder that npm puts them into. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly name?: string; readonly version: string }>>;
}

/**
 * `npm sbom` of a workspace, less what the bundle has no byte of, such as
 * declarations of types. `inputs` are the bundle's files. Without serial
 * number and time, for equal bundles shall have equal documents.
 */
export function sbomOf(workspace: string, inputs: Readonly<Record<string, unknown>>): Document {
  // --omit=dev would also leave out packages that a tool of the root needs too.
  const args = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx", `--workspace=${workspace}`];
  const said = execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 << 20 });
  const document: Document = JSON.parse(said);
  const used = refsOf(Object.keys(inputs));
  const { timestamp: _, ...metadata } = document.metadata;
  return {
    ...document,
    serialNumber: undefined,
    // npm calls the root by the name of its folder.
    metadata: { ...metadata, component: { ...metadata.component, name: "wayward-metrics" } },
    components: document.components.filter((component) => used.has(component["bom-ref"])),
    dependencies: document.dependencies
      .filter(({ ref }) => used.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((name) => used.has(name)) })),
  };
}

/** The packages that files are of, as npm refers to them in such a document: `name@version`. */
function refsOf(files: readonly string[]): ReadonlySet<string> {
  const { packages }: Lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const places = new Set(files.map(placeOf));
  return new Set(
    [...places].map((place) => {
      const name = packages[place]?.name ?? place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
      return `${name}@${packages[place]?.version}`;
    }),
  );
}

/** The folder of a file's package: an installed one, or a workspace. */
function placeOf(file: string): string {
  const installed = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
  return installed?.[0] ?? file.split("/").slice(0, 2).join("/");
}
