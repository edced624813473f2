/** What the pusher's thread is to do. */
export interface PushJob {
  /** Folder of all spools. */
  readonly root: string;
  /** `host:port` of the ingest service. */
  readonly server: string;
  readonly quotaBytes: number;
  /** One 32-bit word: a value of SERVER, written by the pusher. */
  readonly state: SharedArrayBuffer;
}

/** Whether the server can be reached. */
export const SERVER = { unknown: 0, connected: 1, unreachable: 2 } as const;
