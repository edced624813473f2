export { mergeFindings } from "./merge-findings.ts";
export type { AnalysisResult, Evidence, ReportedFinding } from "./result.ts";
export { RULES, type Rule, type RuleId } from "./rules.ts";
export { parseScript } from "./script/parse.ts";
export { isInnocent, replayScenario, type ScenarioFinding, type ScenarioVerdict } from "./script/replay.ts";
export type { Scenario } from "./script/scenario.ts";
export { SessionAnalysis, type SessionFacts } from "./session-analysis.ts";
export { type Cell, column, rowsOf, type Table, type TableColumn } from "./table.ts";
