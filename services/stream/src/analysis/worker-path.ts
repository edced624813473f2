/** The program of the thread. A bundle has another file in place of this one, which names the bundled program. */
export const workerPath = new URL("./worker.ts", import.meta.url);
