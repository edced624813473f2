export { type IngestOptions, startIngest } from "./start.ts";
