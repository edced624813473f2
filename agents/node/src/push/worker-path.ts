/** The pusher's program. The bundle has another file in place of this one, which names the bundled program. */
export const workerPath: URL | string = new URL("./worker.ts", import.meta.url);
