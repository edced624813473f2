import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { SessionAnalysis } from "@wayward/analysis";
import { Dictionary } from "@wayward/block";
import { BUS_SETTINGS, PROCESS_SETTINGS, unknownSettings } from "@wayward/service-kit";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Everything that is shipped, without tests and what is generated. */
const sources = ["packages", "services", "agents", "clients"]
  .flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((path) => `${top}/${path}`))
  .filter((path) => path.endsWith(".ts") && !/\.test\.ts$|\/contract\.ts$|node_modules|\/gen\/|testing\//.test(path))
  .map(read);

/** Cells of the tables below a heading. */
function rows(page: string, heading: RegExp): string[][] {
  const section = page.split(/^## /m).filter((part) => heading.test(part));
  return section
    .flatMap((part) => part.split("\n"))
    .filter((line) => /^\| [A-Za-z]/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first]) => !["reason", "setting", "metric", "port"].includes(first ?? ""));
}

describe("docs/errors.md", () => {
  const page = read("docs/errors.md");

  test("has every reason that the sources give, with its codes, and no other", () => {
    const found = new Map<string, Set<string>>();
    const add = (reason: string, code: string) => found.set(reason, (found.get(reason) ?? new Set()).add(code));
    for (const text of sources) {
      for (const [, code, reason] of text.matchAll(/\b(?:WaywardError|fail|make)\(\s*"([A-Z_]+)",\s*"([A-Z_]+)"/g)) {
        add(reason!, code!);
      }
      // The block decoder's short forms.
      for (const [, reason] of text.matchAll(/\b(?:refuse|bad)\(\s*"([A-Z_]+)"/g)) add(reason!, "INVALID_ARGUMENT");
    }
    const listed = new Map(rows(page, /^Of /).map(([reason = "", codes = ""]) => [reason, new Set(codes.split(", "))]));
    expect([...listed.keys()].sort()).toEqual([...found.keys()].sort());
    for (const [reason, codes] of found)
      expect({ reason, codes: [...listed.get(reason)!].sort() }).toEqual({ reason, codes: [...codes].sort() });
  });

  test("has every reason for which ingest refuses a block", () => {
    const proto = read("proto/wayward/ingest/v1/ingest.proto");
    const reasons = [...proto.matchAll(/^ {2}REASON_([A-Z_]+) = [1-9]/gm)].map(([, reason]) => reason);
    expect(rows(page, /^Refused/).map(([reason]) => reason)).toEqual(reasons);
  });
});

describe("docs/operate/settings.md", () => {
  const settings = rows(read("docs/operate/settings.md"), /^# Settings/);

  test.each(["ingest", "archive", "query", "stream"])("has the settings of %s as it tells them itself", (service) => {
    const help = execFileSync(process.execPath, [`services/${service}/src/main.ts`, "--help"], {
      cwd: root,
      encoding: "utf8",
    });
    const told = help
      .split("\n")
      .map((line) => /^ {2}(WAYWARD_\w+)\s+(.*?)(?: \(([^()]*)\))?$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, meaning, fallback]) => [name, fallback === undefined ? "–" : `\`${fallback}\``, meaning]);
    const listed = settings
      .filter(([, services = ""]) => services === "all" || services.split(", ").includes(service))
      .map(([name, , fallback, meaning]) => [name, fallback, meaning]);
    expect(listed).toEqual(told);
  });

  test("belongs to services that know every variable that anything here reads", () => {
    const read = new Set(sources.flatMap((text) => text.match(/\bWAYWARD_[A-Z_]+[A-Z]\b/g) ?? []));
    const set = Object.fromEntries([...read].map((name) => [name, ""]));
    expect(unknownSettings({ ...PROCESS_SETTINGS, ...BUS_SETTINGS }, set)).toEqual([]);
  });
});

describe("docs/json.md", () => {
  test("has the tables of analyses with their columns, and no other", () => {
    const { tables } = new SessionAnalysis({ session: "none", description: undefined }, new Dictionary()).result();
    const listed = read("docs/json.md")
      .split("\n")
      .filter((line) => /^\| `\w+` +\| `session`/.test(line))
      .map((line) => [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(listed).toEqual(tables.map(({ name, columns }) => [name, ...columns.map((column) => column.name)]));
  });
});
