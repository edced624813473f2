import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { VERSION } from "@wayward/base";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Files that git has, or would take. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const generated = (path: string) => path.includes("/gen/") || path.startsWith("conformance/vectors/");
const sources = files.filter((path) => /\.(ts|mjs|cjs)$/.test(path) && !generated(path));

describe("the repository", () => {
  test("has the folders that ARCHITECTURE.md walks through, and no others", () => {
    const walk = /```files\n([\s\S]*?)```/.exec(read("ARCHITECTURE.md"))?.[1] ?? "";
    const listed = walk
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/)[0]);
    const folders = new Set(files.map((path) => dirname(path)));
    // A folder of packages.json and README only is told by the one below it; generated and proto trees are one place each.
    const told = [...folders]
      .filter(
        (folder) =>
          folder !== "." && !generated(`${folder}/`) && !/^(packages|services|agents|clients)\/[^/]+$/.test(folder),
      )
      .map((folder) => (folder.startsWith("proto/") ? "proto" : folder))
      .concat("conformance/vectors");
    expect([...new Set(told)].sort()).toEqual(listed.sort());
  });

  test.each(sources)("%s has one subject's length", (path) => {
    expect(read(path).split("\n").length).toBeLessThanOrEqual(400);
  });

  test("has one version in all its workspaces", () => {
    const manifests = files.filter((path) =>
      /^((packages|services|agents|clients)\/[^/]+\/)?package\.json$/.test(path),
    );
    expect(new Set(manifests.map((path) => JSON.parse(read(path)).version))).toEqual(new Set([VERSION]));
  });

  test("has links that lead somewhere", () => {
    const broken: string[] = [];
    for (const path of files.filter((name) => name.endsWith(".md"))) {
      for (const [, target = ""] of read(path).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (!/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
          broken.push(`${path} → ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("names no path of anybody's machine", () => {
    const personal = new RegExp(["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]"].join("|"));
    const text = files.filter(
      (path) => /\.(ts|mjs|cjs|md|json|proto|ya?ml|sh)$/.test(path) && path !== "package-lock.json",
    );
    expect(text.filter((path) => personal.test(read(path)))).toEqual([]);
  });
});
