import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { parseKeys } from "@wayward/service-kit";
import { askReal } from "@wayward/testing";
import { type Manifest, manifests, template } from "./testing/helm.ts";

const set = (values: string) => values.split(" ").flatMap((value) => ["--set", value]);

async function rendered(values: string): Promise<Manifest[]> {
  const { ok, stdout, stderr } = await template(...set(values));
  expect({ ok, stderr }).toMatchObject({ ok: true });
  return manifests(stdout);
}

/** The texts of a secret that the chart makes. */
function secretOf(objects: readonly Manifest[], name: string): Record<string, string> {
  const secret = objects.find(({ kind, metadata }) => kind === "Secret" && metadata.name === name);
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
}

((await askReal("helm")) ? describe : describe.skip)("doors that the chart closes itself", () => {
  test("are opened by the keys that it makes, which are others each time", async () => {
    const made = await Promise.all([1, 2].map(() => rendered("keys.enabled=true")));
    const [first, second] = made.map((objects) => secretOf(objects, "wayward-keys"));
    const keys = unwrap(parseKeys(first!.keys!));
    expect(keys.size).toBe(2);
    expect([...keys.find(first!.agent!)!.scopes]).toEqual(["ingest"]);
    expect([...keys.find(first!.admin!)!.scopes]).toEqual(["ingest", "read", "delete", "admin"]);
    expect(keys.find(second!.agent!)).toBeUndefined();
    // The services are given hashes, and nothing else of that secret.
    expect(first!.keys).not.toContain(first!.agent!.slice(-40));
  });

  test.each([
    ["distributed", ["ingest", "archive", "query", "stream"].map((part) => `wayward-${part}`)],
    ["allInOne", ["wayward"]],
  ])("show in mode %s a certificate that has every name they are called by", async (mode, services) => {
    const objects = await rendered(`mode=${mode} tls.enabled=true tls.names={wayward.example.org}`);
    const secret = secretOf(objects, "wayward-tls");
    const [certificate, ca] = [new X509Certificate(secret["tls.crt"]!), new X509Certificate(secret["ca.crt"]!)];
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(secret["tls.key"]!))).toBe(true);
    const inside = services.flatMap((name) =>
      ["", ".wayward", ".wayward.svc", ".wayward.svc.cluster.local"].map((end) => name + end),
    );
    const names = [...inside, "localhost", "wayward.example.org"];
    expect(names.filter((name) => certificate.checkHost(name) === undefined)).toEqual([]);
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkHost("elsewhere.wayward")).toBeUndefined();
    // Each address that the chart gives to callers is one of them.
    const clients = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "wayward-clients");
    for (const address of Object.values(clients?.data ?? {})) {
      const { protocol, hostname } = new URL(address);
      expect([protocol, certificate.checkHost(hostname)]).toEqual(["https:", hostname]);
    }
  });

  test("ask cert-manager where an issuer is named, and make nothing where secrets are", async () => {
    const managed = await rendered("tls.enabled=true tls.certManager.issuer=ours");
    expect(managed.filter(({ kind }) => kind === "Certificate").map(({ spec }) => spec.secretName)).toEqual([
      "wayward-tls",
    ]);
    expect(secretOf(managed, "wayward-tls")).toEqual({});
    const values = "tls.enabled=true tls.existingSecret=own-tls keys.enabled=true keys.existingSecret=own-keys";
    const given = await rendered(`${values} nats.existingSecret=nats trialStore.existingSecret=store`);
    expect(given.filter(({ kind }) => kind === "Secret" || kind === "Certificate")).toEqual([]);
  });
});
