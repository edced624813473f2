export { type QueryOptions, startQuery } from "./start.ts";
