export { BUILTIN_KINDS } from "./builtin.ts";
export {
  type Addressee,
  CONTROL_BYTES_MAX,
  type ControlRule,
  isFor,
  isForAgents,
  LEVELS_TOPIC,
  LOCKS_TOPIC,
  ONE_IN,
  readRules,
  SUPPRESSIONS_TOPIC,
  THRESHOLDS,
  type Threshold,
} from "./control.ts";
export { FIELD_TYPES, type Field, type FieldType, f, ROLES, type Role, TABLES, type Table } from "./field.ts";
export { defineKind, familyOf, type Kind, parseKind } from "./kind.ts";
export * from "./kinds/db.ts";
export * from "./kinds/finding.ts";
export * from "./kinds/io.ts";
export * from "./kinds/job.ts";
export * from "./kinds/lock.ts";
export * from "./kinds/log.ts";
export * from "./kinds/memory.ts";
export * from "./kinds/meta.ts";
export * from "./kinds/sync.ts";
export * from "./kinds/thread.ts";
export * from "./kinds/zone.ts";
export { isReporterName, REPORTER_PREFIX } from "./reporter.ts";
export { newSessionId, parseSessionText, type SessionId, sessionText } from "./session.ts";
