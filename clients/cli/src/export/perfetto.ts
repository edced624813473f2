import type { ClientRecord } from "@wayward/client";

/**
 * Records as a trace that ui.perfetto.dev and chrome://tracing open: the JSON
 * Trace Event Format ("Trace Event Format", Google, 2016). A session is a
 * process, a lane a thread; zones are slices, waits and holds of locks too,
 * everything else is an instant.
 */
export class PerfettoTrace {
  readonly #processes = new Map<string, number>();
  readonly #threads = new Set<string>();
  /** Zones open on each lane: an end without its begin would spoil the viewer's nesting. */
  readonly #depth = new Map<string, number>();
  /** Waits and holds that have begun and not ended. */
  readonly #open = new Set<string>();
  #origin: bigint | undefined;
  #first = true;

  head(): string {
    return '{"displayTimeUnit":"ns","traceEvents":[';
  }

  tail(): string {
    return "\n]}\n";
  }

  /** The record's events, with those that name its process and thread when they are new. */
  events(record: ClientRecord): string {
    this.#origin ??= record.aligned;
    const pid = this.#process(record);
    const tid = record.lane.number;
    const ts = Number(record.aligned - this.#origin) / 1000;
    const events = [...this.#names(record, pid), ...this.#event(record, { pid, tid, ts })];
    return events.map((event) => this.#line(event)).join("");
  }

  #event(record: ClientRecord, place: { pid: number; tid: number; ts: number }): object[] {
    const { kind, fields } = record;
    const args = argsOf(record);
    const lane = `${place.pid}/${place.tid}`;
    if (kind === "zone.begin") {
      const name = String(fields.name ?? record.site?.text ?? record.site?.function ?? "zone");
      if (fields.id !== undefined) return [{ ph: "b", cat: "zone", id: String(fields.id), name, args, ...place }];
      this.#depth.set(lane, (this.#depth.get(lane) ?? 0) + 1);
      return [{ ph: "B", cat: "zone", name, args, ...place }];
    }
    if (kind === "zone.end") {
      const name = String(fields.name ?? "zone");
      if (fields.id !== undefined) return [{ ph: "e", cat: "zone", id: String(fields.id), name, args, ...place }];
      const depth = this.#depth.get(lane) ?? 0;
      if (depth === 0) return [];
      this.#depth.set(lane, depth - 1);
      return [{ ph: "E", args, ...place }];
    }
    if (kind === "counter.value") {
      return [{ ph: "C", name: String(fields.name), args: { value: fields.value }, ...place }];
    }
    const slices = this.#lockSlices(kind, `${lane}/${String(fields.lock)}`);
    if (slices !== undefined) {
      return slices.map(({ ph, what, id }) => ({ ph, cat: "lock", id, name: `${what} ${fields.lock}`, ...place }));
    }
    return [{ ph: "i", s: "t", cat: kind, name: record.text || kind, args, ...place }];
  }

  /** A wait ends where its lock is acquired or given up, and only if it began in this trace; so do holds. */
  #lockSlices(kind: string, key: string) {
    const begin = (what: string) => {
      this.#open.add(`${what} ${key}`);
      return { ph: "b", what, id: `${what} ${key}` };
    };
    const end = (what: string) =>
      this.#open.delete(`${what} ${key}`) ? [{ ph: "e", what, id: `${what} ${key}` }] : [];
    if (kind === "lock.wait") return [begin("wait")];
    if (kind === "lock.acquired") return [...end("wait"), begin("hold")];
    if (kind === "lock.timed-out") return end("wait");
    if (kind === "lock.released") return end("hold");
    return undefined;
  }

  #process({ session }: ClientRecord): number {
    const known = this.#processes.get(session);
    if (known !== undefined) return known;
    const made = this.#processes.size + 1;
    this.#processes.set(session, made);
    return made;
  }

  *#names(record: ClientRecord, pid: number): Iterable<object> {
    const tid = record.lane.number;
    if (this.#threads.has(`${pid}/${tid}`)) return;
    if (![...this.#threads].some((thread) => thread.startsWith(`${pid}/`))) {
      yield { ph: "M", name: "process_name", pid, tid, args: { name: `${record.sessionName} ${record.session}` } };
    }
    this.#threads.add(`${pid}/${tid}`);
    yield { ph: "M", name: "thread_name", pid, tid, args: { name: record.lane.name } };
  }

  #line(event: object): string {
    const comma = this.#first ? "" : ",";
    this.#first = false;
    return `${comma}\n${JSON.stringify(event, (_, value) => (typeof value === "bigint" ? String(value) : value))}`;
  }
}

function argsOf({ fields, text, traceId }: ClientRecord): object {
  const args: Record<string, unknown> = { ...fields };
  if (text !== "") args.text = text;
  if (traceId !== undefined) args.trace_id = traceId;
  return args;
}
