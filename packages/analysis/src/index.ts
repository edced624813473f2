export { type Finding, fingerprintOf, type RecordId, type SiteText } from "./finding.ts";
export { LockFold } from "./locks/fold.ts";
export { RULES, type Rule, type RuleId } from "./rules.ts";
export { parseScript } from "./script/parse.ts";
export { isInnocent, replayScenario, type ScenarioFinding, type ScenarioVerdict } from "./script/replay.ts";
export type { Scenario } from "./script/scenario.ts";
