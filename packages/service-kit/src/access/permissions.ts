/** What a key may allow. */
export const SCOPES = ["ingest", "read", "delete", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** Who may call a method: everyone, whoever has any key, or whoever has one of these scopes. */
export type Permission = "everyone" | "any key" | readonly Scope[];

/**
 * Every method of every service, by its path. A method without a row is not
 * served. Health is for probes, which have no key. Agents and people both read
 * control topics; only admins set them.
 */
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  "/grpc.health.v1.Health/Check": "everyone",
  "/grpc.health.v1.Health/Watch": "everyone",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "any key",
  "/wayward.ingest.v1.IngestService/StartSession": ["ingest"],
  "/wayward.ingest.v1.IngestService/Push": ["ingest"],
  "/wayward.ingest.v1.IngestService/GetControl": ["ingest", "read", "admin"],
  "/wayward.ingest.v1.IngestService/SetControl": ["admin"],
  "/wayward.query.v1.QueryService/ListSessions": ["read"],
  "/wayward.query.v1.QueryService/GetSession": ["read"],
  "/wayward.query.v1.QueryService/ListKinds": ["read"],
  "/wayward.query.v1.QueryService/Count": ["read"],
  "/wayward.query.v1.QueryService/Read": ["read"],
  "/wayward.query.v1.QueryService/Analyze": ["read"],
  "/wayward.query.v1.QueryService/DeleteSession": ["delete"],
  "/wayward.stream.v1.StreamService/Observe": ["read"],
};

/** Undefined for a method that nobody has thought of. */
export function permissionOf(path: string): Permission | undefined {
  return PERMISSIONS[path];
}
