import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { parseDockerfile } from "./dockerfile.ts";
import { entriesOf, layerOf, writeImage } from "./image.ts";
import { tar } from "./tar.ts";

const folder = join(import.meta.dirname, "..");
const dockerfiles = readdirSync(folder).filter((name) => name.endsWith(".Dockerfile"));
const args = { VERSION: "1.2.3", REVISION: "abc", BUNDLE: "f00d" };

describe("parseDockerfile()", () => {
  test.each(dockerfiles)("understands %s", (name) => {
    const { config, copies } = parseDockerfile(readFileSync(join(folder, name), "utf8"), args);
    expect(config).toMatchObject({
      User: "65532:65532",
      WorkingDir: "/app",
      Entrypoint: ["node", ...(name === "stream.Dockerfile" ? ["--max-semi-space-size=4"] : []), "/app/lib/main.js"],
      Cmd: name === "all-in-one.Dockerfile" ? ["up"] : [],
      ExposedPorts: { "4610/tcp": {}, "4611/tcp": {} },
      Healthcheck: { Test: ["CMD", "node", "/app/health.js"], Interval: 5e9 },
    });
    expect(config.Env).toContain("WAYWARD_HOST=0.0.0.0");
    expect(config.Labels).toMatchObject({
      "org.opencontainers.image.version": "1.2.3",
      "org.opencontainers.image.revision": "abc",
      "wayward.bundle.sha256": "f00d",
    });
    expect(copies[0]).toEqual({ from: "app", to: "/app", owner: 0 });
  });

  test.each([
    "RUN npm ci",
    "COPY --from=other app /app",
    "COPY app other /app",
    "ADD app /app",
    "ENV A=b",
    `LABEL a="${"$"}{UNKNOWN}"`,
    "HEALTHCHECK NONE",
  ])("refuses %s", (line) => {
    expect(() => parseDockerfile(`FROM x\n${line}\n`, args)).toThrow("not understood without an engine");
  });
});

describe("tar()", () => {
  test("is what `tar` lists and unpacks", async () => {
    await using temp = await tempFolder("tar");
    const pieces = tar([
      { name: "a/", content: undefined, owner: 65_532 },
      { name: "a/run", content: Buffer.from("x".repeat(513)), mode: 0o755 },
      { name: "a/empty", content: Buffer.alloc(0) },
    ]);
    writeFileSync(join(temp.path, "x.tar"), Buffer.concat([...pieces]));
    const list = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--utc", "--file", "x.tar"], {
      cwd: temp.path,
      encoding: "utf8",
    });
    expect(
      list
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/)),
    ).toEqual([
      ["drwxr-xr-x", "65532/65532", "0", "1970-01-01", "00:00", "a/"],
      ["-rwxr-xr-x", "0/0", "513", "1970-01-01", "00:00", "a/run"],
      ["-rw-r--r--", "0/0", "0", "1970-01-01", "00:00", "a/empty"],
    ]);
    execFileSync("tar", ["--extract", "--no-same-owner", "--file", "x.tar"], { cwd: temp.path });
    expect(readFileSync(join(temp.path, "a/run"), "utf8")).toBe("x".repeat(513));
  });

  test("refuses a name that does not fit", () => {
    expect(() => [...tar([{ name: "é".repeat(51), content: undefined }])]).toThrow("longer than the 100 bytes");
  });
});

test("writeImage() gives equal bytes of equal files, whatever their times", async () => {
  await using temp = await tempFolder("image");
  const write = (file: string) => {
    const app = join(temp.path, file.replace(".tar", ""));
    mkdirSync(join(app, "lib"), { recursive: true });
    writeFileSync(join(app, "lib/main.js"), "run();\n");
    const layers = [layerOf(entriesOf(app, "/app"))];
    writeImage(join(temp.path, file), { name: "wayward/x:1", processor: "x64", config: {}, layers });
    return readFileSync(join(temp.path, file));
  };
  const first = write("one.tar");
  expect(write("two.tar").equals(first)).toBe(true);
  const names = execFileSync("tar", ["--list", "--file", join(temp.path, "one.tar")], { encoding: "utf8" });
  expect(names).toMatch(/^oci-layout\nindex\.json\nmanifest\.json\n(blobs\/sha256\/[0-9a-f]{64}\n){3}$/);
});
