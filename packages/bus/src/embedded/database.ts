import { randomBytes } from "node:crypto";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { types } from "node:util";
import { WaywardError } from "@wayward/base";
import { EXPIRE_AFTER_MS, EXPIRING_PREFIX } from "../names.ts";
import type { Address, BusMessage, TopicValue } from "../port.ts";

/** Bus sequences of a partition stand in the low 48 bits of a row's id. */
const SEQ_BITS = 48n;

export interface StagedMessage {
  readonly partition: number;
  readonly address: Address;
  readonly body: Uint8Array;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS partitions (id INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, tenant TEXT, session TEXT, at INTEGER, body BLOB) STRICT;
  CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, value BLOB, revision INTEGER, changed INTEGER) STRICT;
`;

/**
 * The embedded bus on disk: one SQLite file in WAL mode with synchronous=FULL,
 * so a committed transaction was synced. This process holds the file alone.
 */
export class BusDatabase {
  readonly incarnation: string;
  readonly #database: DatabaseSync;
  readonly #last: bigint[] = [];
  readonly #insert: StatementSync;
  readonly #setLast: StatementSync;
  readonly #select: StatementSync;
  readonly #first: StatementSync;
  readonly #bytes: StatementSync;
  readonly #usage: StatementSync;
  readonly #oldest: StatementSync;
  readonly #purge: StatementSync;
  readonly #topic: StatementSync;
  readonly #topics: StatementSync;
  readonly #setTopic: StatementSync;

  /** Throws BUS_IN_USE if another process has the file, BUS_UNUSABLE if it cannot be opened. */
  constructor(path: string, partitions: number) {
    this.#database = openExclusive(path);
    this.#database.exec(SCHEMA);
    this.#addMissing();
    this.incarnation = this.#loadIncarnation();
    this.#insert = this.#prepare("INSERT INTO messages (id, tenant, session, body, at) VALUES (?, ?, ?, ?, ?)");
    this.#setLast = this.#prepare(
      "INSERT INTO partitions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last",
    );
    this.#select = this.#prepare(
      "SELECT id, tenant, session, body FROM messages WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
    );
    this.#first = this.#prepare("SELECT min(id) AS id FROM messages WHERE id >= ? AND id < ?");
    this.#bytes = this.#prepare("SELECT coalesce(sum(length(body)), 0) AS bytes FROM messages");
    this.#usage = this.#prepare(
      "SELECT count(*) AS messages, coalesce(sum(length(body)), 0) AS bytes FROM messages WHERE id >= ? AND id < ?",
    );
    this.#oldest = this.#prepare("SELECT at FROM messages WHERE id >= ? AND id < ? ORDER BY id LIMIT 1");
    this.#purge = this.#prepare("DELETE FROM messages WHERE id >= ? AND id <= ?");
    this.#topic = this.#prepare("SELECT name, value, revision FROM topics WHERE name = ?");
    this.#topics = this.#prepare("SELECT name, value, revision FROM topics WHERE name >= ? AND name < ? ORDER BY name");
    this.#setTopic = this.#prepare(
      "INSERT INTO topics VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = excluded.revision, changed = excluded.changed",
    );
    for (let partition = 0; partition < partitions; partition++) this.#last.push(this.#loadLast(partition));
  }

  /** Stores messages in one transaction; tells their bus sequences. All or none. `nowMs` is kept with them. */
  commit(messages: readonly StagedMessage[], nowMs: number): bigint[] {
    const last = [...this.#last];
    return this.#transaction(
      () => {
        const seqs = messages.map(({ partition, address, body }) => {
          const seq = last[partition]! + 1n;
          last[partition] = seq;
          this.#insert.run(rowId(partition, seq), address.tenant, address.session, body, Math.floor(nowMs));
          return seq;
        });
        for (const [partition, seq] of last.entries()) {
          if (seq !== this.#last[partition]) this.#setLast.run(partition, seq);
        }
        return seqs;
      },
      () => this.#last.splice(0, last.length, ...last),
    );
  }

  /** At most `limit` messages from this bus sequence on. */
  read(partition: number, from: bigint, limit: number): BusMessage[] {
    const rows = this.#select.all(rowId(partition, from), rowId(partition + 1, 0n), limit);
    return rows.map(({ id, tenant, session, body }) => ({
      busSeq: (id as bigint) & ((1n << SEQ_BITS) - 1n),
      address: { tenant: tenant as string, session: session as string },
      body: body as Uint8Array,
    }));
  }

  bounds(partition: number): { readonly first: bigint; readonly last: bigint } {
    const last = this.#last[partition]!;
    const id = this.#first.get(rowId(partition, 0n), rowId(partition + 1, 0n))?.id;
    return { first: typeof id === "bigint" ? id & ((1n << SEQ_BITS) - 1n) : last + 1n, last };
  }

  /** `oldestMs` is the wall time of the first message's commit, 0 where there is none. */
  usage(partition: number): { readonly messages: number; readonly bytes: number; readonly oldestMs: number } {
    const range = [rowId(partition, 0n), rowId(partition + 1, 0n)] as const;
    const row = this.#usage.get(...range);
    const oldestMs = Number(this.#oldest.get(...range)?.at ?? 0n);
    return { messages: Number(row?.messages ?? 0n), bytes: Number(row?.bytes ?? 0n), oldestMs };
  }

  bytes(): number {
    return Number(this.#bytes.get()?.bytes ?? 0n);
  }

  purge(partition: number, upTo: bigint): void {
    this.#purge.run(rowId(partition, 0n), rowId(partition, upTo));
  }

  topic(name: string): TopicValue | undefined {
    const row = this.#topic.get(name);
    return row === undefined ? undefined : topicOf(row);
  }

  topicsBelow(prefix: string): TopicValue[] {
    // "0" is the character after the slash.
    return this.#topics.all(`${prefix}/`, `${prefix}0`).map(topicOf);
  }

  setTopic(name: string, value: Uint8Array, revision: bigint, nowMs: number): void {
    this.#setTopic.run(name, value, revision, nowMs);
  }

  expireTopics(nowMs: number): void {
    const end = `${EXPIRING_PREFIX.slice(0, -1)}0`;
    this.#prepare("DELETE FROM topics WHERE name >= ? AND name < ? AND changed < ?").run(
      EXPIRING_PREFIX,
      end,
      Math.floor(nowMs - EXPIRE_AFTER_MS),
    );
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  }

  #transaction<T>(work: () => T, committed: () => void): T {
    try {
      this.#database.exec("BEGIN");
      const value = work();
      this.#database.exec("COMMIT");
      committed();
      return value;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw busError(error);
    }
  }

  /** A file made before messages had a time gets the column; what waits there counts from now on. */
  #addMissing(): void {
    const columns = this.#database.prepare("SELECT name FROM pragma_table_info('messages')").all();
    if (columns.some(({ name }) => name === "at")) return;
    this.#database.exec("ALTER TABLE messages ADD COLUMN at INTEGER");
    this.#database.prepare("UPDATE messages SET at = ?").run(Date.now());
  }

  #loadIncarnation(): string {
    const made = randomBytes(8).toString("hex");
    this.#database.prepare("INSERT INTO facts VALUES ('incarnation', ?) ON CONFLICT DO NOTHING").run(made);
    return String(this.#database.prepare("SELECT value FROM facts WHERE name = 'incarnation'").get()?.value);
  }

  #loadLast(partition: number): bigint {
    const row = this.#prepare("SELECT last FROM partitions WHERE id = ?").get(partition);
    return typeof row?.last === "bigint" ? row.last : 0n;
  }
}

function rowId(partition: number, seq: bigint): bigint {
  return (BigInt(partition) << SEQ_BITS) | seq;
}

function topicOf(row: Record<string, unknown>): TopicValue {
  return { name: row.name as string, value: row.value as Uint8Array, revision: row.revision as bigint };
}

function openExclusive(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 1000 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    // Takes the lock now rather than with the first message.
    database.exec("BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    throw busError(error, path);
  }
}

const IN_USE =
  "another process uses this file: is `wayward up` already running? --data or WAYWARD_DATA names another folder";

/** BUS_FULL where the disk is, BUS_IN_USE where another process has the file, else BUS_UNUSABLE. */
export function busError(error: unknown, path = "bus"): WaywardError {
  if (error instanceof WaywardError) return error;
  const message = types.isNativeError(error) ? error.message : String(error);
  const make = (code: "RESOURCE_EXHAUSTED" | "FAILED_PRECONDITION" | "UNAVAILABLE", reason: string, what: string) =>
    new WaywardError(code, reason, `embedded ${path}: ${what}`, { cause: error });
  if (/disk is full/i.test(message)) return make("RESOURCE_EXHAUSTED", "BUS_FULL", "the disk is full");
  if (/locked|busy/i.test(message)) return make("FAILED_PRECONDITION", "BUS_IN_USE", IN_USE);
  return make("UNAVAILABLE", "BUS_UNUSABLE", message);
}
