export {
  beginsEpoch,
  digestOf,
  type Envelope,
  FORMAT,
  MAGIC,
  parseEnvelope,
  type Sections,
  sealEnvelope,
  sections,
} from "./envelope.ts";
export { LIMITS } from "./limits.ts";
