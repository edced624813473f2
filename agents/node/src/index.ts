export * from "./api.ts";
export { type AgentBundle, agentBundle } from "./bundle.ts";
