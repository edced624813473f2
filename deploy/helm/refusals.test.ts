import { describe, expect, test } from "@jest/globals";
import { askReal } from "@wayward/testing";
import { template } from "./testing/helm.ts";

/** Arguments of helm for these values. */
const set = (values: string) => values.split(" ").flatMap((value) => ["--set", value]);

const DISTRIBUTED = "mode=distributed";

((await askReal("helm")) ? describe : describe.skip)("the chart refuses", () => {
  test.each([
    ["mode=both", "/mode", "'distributed', 'allInOne'"],
    ["ingest.replica=2", "/ingest", "'replica' not allowed"],
    ["ingest.replicas=two", "/ingest/replicas", "got string, want integer"],
    ["ingest.replicas=0", "/ingest/replicas", "minimum"],
    ["settings.logLevel=loud", "/settings/logLevel", "'debug', 'info', 'warn', 'error'"],
    ["settings.partitions=2000", "/settings/partitions", "maximum"],
    ["settings.busBytes=1Gi", "/settings/busBytes", "does not match pattern"],
    ["settings.natsUser=me", "/settings", "'natsUser' not allowed"],
    ["archive.settings.keep=lots", "/archive/settings/keep", "does not match pattern"],
    ["ingest.settings.partitions=8", "/ingest/settings", "'partitions' not allowed"],
    ["query.settings.keep=1GiB", "/query/settings", "'keep' not allowed"],
    ["nats.replicas=7", "/nats/replicas", "maximum"],
    ["nats.volume.size=10GiB", "/nats/volume/size", "does not match pattern"],
    ["nats.image.digest=latest", "/nats/image/digest", "does not match pattern"],
    ["store.endpoint=s3.example.org", "/store/endpoint", "does not match pattern"],
    ["store.endpoint=https://me:secret@s3.example.org", "/store/endpoint", "does not match pattern"],
    ["externalNats.servers=nats://me:secret@bus", "/externalNats/servers", "does not match pattern"],
    ["pod.tolerations=all", "/pod/tolerations", "got string, want array"],
    ["query.pod.tolerance=all", "/query/pod", "'tolerance' not allowed"],
    ["query.resources.request.cpu=1", "/query/resources", "'request' not allowed"],
    ["image.pullPolicy=Sometimes", "/image/pullPolicy", "'Always'"],
    ["tls.certManager.kind=Vault", "/tls/certManager/kind", "'Issuer', 'ClusterIssuer'"],
    ["keys.secret=login", "/keys", "'secret' not allowed"],
    ["settings.keys=/etc/keys", "/settings", "'keys' not allowed"],
    ["monitoring.serviceMonitor.interval=often", "/monitoring/serviceMonitor/interval", "does not match pattern"],
  ])("%s with the field named", async (value, field, words) => {
    const { ok, stderr } = await template(...set(value));
    const line = stderr.split("\n").find((one) => one.includes(`at '${field}'`) && one.includes(words));
    expect({ ok, stderr, line: line !== undefined }).toEqual({ ok: false, stderr, line: true });
  });

  test.each([
    ["nats.replicas=2", "set it to 1, 3 or 5"],
    ["settings.busBytes=4GiB", "raise nats.volume.size to 24Gi or lower settings.busBytes"],
    ["nats.enabled=false", "name your servers, such as nats://nats.bus:4222, or set nats.enabled to true"],
    ["externalNats.servers=nats://bus:4222", "set nats.enabled to false, or leave externalNats.servers empty"],
    ["nats.enabled=false externalNats.servers=nats://bus:4222", "set externalNats.monitor to its monitoring port"],
    ["store.existingSecret=login", "set store.bucket"],
    ["archive.replicas=5", "set archive.replicas to 4 at most"],
    ["archive.keda.enabled=true", "archive.keda.prometheus is empty: name it"],
    [
      "archive.keda.enabled=true archive.keda.prometheus=http://p archive.keda.max=9",
      "set archive.keda.max to 4 at most",
    ],
    ["query.autoscaling.enabled=true query.autoscaling.min=11", "query.autoscaling.min is 11 and max is 10"],
    ["query.autoscaling.enabled=true query.resources.requests=null", "query.resources.requests.cpu"],
    ["monitoring.serviceMonitor.enabled=true monitoring.podMonitor.enabled=true", "enable one"],
    [
      "monitoring.serviceMonitor.enabled=true",
      "set networkPolicy.metricsFrom to the namespace of yours, such as [monitoring]",
    ],
    [
      "mode=allInOne monitoring.podMonitor.enabled=true",
      "monitoring.podMonitor.enabled is true and networkPolicy.metric",
    ],
    ["tls.existingSecret=own", "set tls.enabled to true"],
    ["tls.certManager.issuer=ours", "tls.certManager.issuer is set and tls.enabled is false"],
    ["tls.enabled=true tls.existingSecret=own tls.certManager.issuer=ours", "leave one empty"],
    ["keys.existingSecret=own", "set keys.enabled to true"],
    ["grpcRoute.enabled=true", "name the Gateway"],
    ["ingress.enabled=true", "name the host"],
    ["mode=allInOne allInOne.keep=30GiB", "at most nine tenths of the volume"],
    ["mode=allInOne allInOne.keep=0", "at most nine tenths of the volume"],
    ["mode=allInOne store.bucket=records", "set mode to distributed, or leave store.bucket empty"],
    ["mode=allInOne query.autoscaling.enabled=true", "set mode to distributed"],
  ])("%s with a sentence and the fix", async (values, fix) => {
    const { ok, stderr } = await template(...set(values));
    expect({ ok, stderr, fix: stderr.includes(fix) }).toEqual({ ok: false, stderr, fix: true });
  });

  test("nothing else: what is refused above is taken when the fix is applied", async () => {
    for (const values of [
      "settings.busBytes=4GiB nats.volume.size=24Gi",
      "archive.replicas=4",
      "nats.replicas=5",
      "monitoring.serviceMonitor.enabled=true networkPolicy.metricsFrom={monitoring}",
      "monitoring.podMonitor.enabled=true networkPolicy.enabled=false",
      `${DISTRIBUTED} enabled=true`,
    ]) {
      expect(await template(...set(values))).toMatchObject({ ok: true });
    }
  });
});
