import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const compose = readFileSync(join(root, "docker-compose.yml"), "utf8");

test("docker-compose.yml takes the images of this release", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tags = [...compose.matchAll(/WAYWARD_TAG:-([^}]*)\}/g)].map(([, tag]) => tag);
  expect(tags.length).toBeGreaterThan(4);
  expect(new Set(tags)).toEqual(new Set([version]));
});

test("docker-compose.yml and closed.yml mount files that are there", () => {
  const closed = readFileSync(join(root, "deploy/compose/closed.yml"), "utf8");
  const sources = [...(compose + closed).matchAll(/"?(\.\/[^:"\s}]+):\//g)].map(([, path = ""]) => path);
  expect(sources.length).toBeGreaterThan(4);
  expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("docker-compose.yml opens ports on loopback only", () => {
  const ports = [...compose.matchAll(/"([^"]*\$\{WAYWARD_\w*PORT:-\d+\}:\d+)"/g)].map(([, port = ""]) => port);
  expect(ports.length).toBeGreaterThan(5);
  expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
});

test("docker-compose.yml bounds what each container may leave of its log", () => {
  const { services }: { services: Readonly<Record<string, { readonly logging?: unknown }>> } = parse(compose, {
    merge: true,
  });
  expect(Object.keys(services).length).toBeGreaterThan(8);
  const bounded = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };
  expect(Object.entries(services).filter(([, { logging }]) => !isDeepStrictEqual(logging, bounded))).toEqual([]);
});
