import type { Shape } from "@wayward/service-kit";
import { SERVICES, type ServiceSetting, settingsOf } from "./settings.ts";
import type { Value } from "./tree.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The size of a setting, as service-kit reads it. */
const SIZE = "^[0-9]+(\\.[0-9]+)?\\s*(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)?$";

/** What no service may be told otherwise than the others. */
const OF_ALL: ReadonlySet<string> = new Set(["partitions", "busBytes"]);

/** What default and comment do not tell. The first pattern that fits a value's path counts. */
const RULES: readonly (readonly [RegExp, Schema])[] = [
  [/^mode$/, { enum: ["distributed", "allInOne"] }],
  [/^tls\.certManager\.kind$/, { enum: ["Issuer", "ClusterIssuer"] }],
  [/^image\.pullPolicy$/, { enum: ["IfNotPresent", "Always", "Never"] }],
  [/^nats\.replicas$/, { type: "integer", minimum: 1, maximum: 5 }],
  [/^externalNats\.copies$/, { type: "integer", minimum: 1, maximum: 5 }],
  [/\.(replicas|min|max|lagSeconds)$/, { type: "integer", minimum: 1 }],
  [/\.cpuPercent$/, { type: "integer", minimum: 1, maximum: 1000 }],
  [/\.size$/, { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)$" }],
  [/\.interval$/, { type: "string", pattern: "^[0-9]+(ms|s|m|h)$" }],
  [/\.digest$/, { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" }],
  [/\.digests$/, { type: "object", additionalProperties: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" } }],
  [/\.(endpoint|prometheus|monitor)$/, { type: "string", pattern: "^(https?://[^/\\s@]+/?)?$" }],
  [/^externalNats\.servers$/, { type: "string", pattern: "^((nats|tls)://[^,\\s@]+(,(nats|tls)://[^,\\s@]+)*)?$" }],
  [/^allInOne\.keep$/, shapeSchema({ type: "size" })],
  [/\.hostPath$/, { type: "string", pattern: "^/." }],
  [/\.(labels|annotations|nodeSelector)$/, { type: "object", additionalProperties: { type: "string" } }],
  [/\.(imagePullSecrets|metricsFrom|hostnames|names)$/, { type: "array", items: { type: "string" } }],
  [/(\.(tolerations|extraEnv|extraEgress|parentRefs)|^extraObjects)$/, { type: "array", items: { type: "object" } }],
  [/\.resources$/, { $ref: "#/definitions/resources" }],
  [/\.pod$/, { $ref: "#/definitions/pod" }],
];

const QUANTITIES: Schema = { type: "object", additionalProperties: { type: ["string", "number"] } };

const RESOURCES: Schema = {
  type: "object",
  properties: { requests: QUANTITIES, limits: QUANTITIES, claims: { type: "array" } },
  additionalProperties: false,
};

/** The schema of values.yaml: types from its defaults, meanings from its comments, settings from the services. */
export function schemaOf(values: readonly Value[]): Schema {
  const pod = values.find(({ path }) => path === "pod");
  if (pod === undefined) throw new Error("values.yaml has no `pod`");
  const settings = Object.fromEntries(SERVICES.map((service) => [service, settingsOf(service)]));
  const valueSchema = (value: Value): Schema => {
    const [service = ""] = value.path.split(".");
    if (value.name === "settings") {
      const own = settings[service]?.filter(({ name }) => !OF_ALL.has(name));
      return described(value, settingsSchema(own ?? all(settings)));
    }
    return described(value, value.children.length > 0 ? mapSchema(value, valueSchema) : leafSchema(value));
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the chart wayward",
    type: "object",
    properties: {
      ...propertiesOf(values, valueSchema),
      enabled: { type: "boolean", description: "Read by charts that have this one as a dependency with a condition." },
    },
    additionalProperties: false,
    definitions: { resources: RESOURCES, pod: mapSchema(pod, valueSchema) },
  };
}

function mapSchema(value: Value, valueSchema: (value: Value) => Schema): Schema {
  // Charts above this one put what they like into `global`.
  const isOpen = value.path === "global";
  return { type: "object", properties: propertiesOf(value.children, valueSchema), additionalProperties: isOpen };
}

function propertiesOf(values: readonly Value[], valueSchema: (value: Value) => Schema) {
  return Object.fromEntries(values.map((value) => [value.name, valueSchema(value)]));
}

function described({ meaning, fallback, children }: Value, schema: Schema): Schema {
  return {
    ...(meaning === "" ? {} : { description: meaning }),
    ...schema,
    ...(children.length > 0 || typeof fallback === "object" ? {} : { default: fallback }),
  };
}

function leafSchema({ path, fallback }: Value): Schema {
  const rule = RULES.find(([pattern]) => pattern.test(path));
  if (rule !== undefined) return rule[1];
  if (Array.isArray(fallback)) return { type: "array" };
  return { type: Number.isInteger(fallback) ? "integer" : typeof fallback };
}

function all(settings: Readonly<Record<string, readonly ServiceSetting[]>>): readonly ServiceSetting[] {
  const byName = new Map(Object.values(settings).flatMap((list) => list.map((one) => [one.name, one])));
  return [...byName.values()];
}

function settingsSchema(settings: readonly ServiceSetting[]): Schema {
  const properties = settings.map(({ name, meaning, shape }) => [
    name,
    { description: meaning, ...shapeSchema(shape) },
  ]);
  return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
}

function shapeSchema(shape: Shape): Schema {
  switch (shape.type) {
    case "text":
      return { type: "string" };
    case "flag":
      return { type: "boolean" };
    case "count":
      return { type: "integer", minimum: shape.least, maximum: shape.most };
    case "word":
      return { enum: shape.words };
    case "size":
      return {
        anyOf: [
          { type: "integer", minimum: 0 },
          { type: "string", pattern: SIZE },
        ],
      };
  }
}
