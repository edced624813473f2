export { acceptedChannel } from "./announce.ts";
export { type IngestOptions, startIngest } from "./start.ts";
