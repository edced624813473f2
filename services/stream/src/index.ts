export { type StreamOptions, startStream } from "./start.ts";
