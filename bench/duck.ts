import { peer } from "./peers.ts";

/** What is used of a DuckDB connection. */
export interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getColumns(): unknown[][]; readonly currentRowCount: number }>;
  registerTableFunction(made: unknown): void;
  closeSync(): void;
}

/** A type of DuckDB, passed through. */
type Type = unknown;

interface DuckModule {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Record<string, string>,
    ): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
  readonly DuckDBTableFunction: {
    create(options: {
      name: string;
      bindFunction(info: { addResultColumn(name: string, type: Type): void }): void;
      initFunction(info: {
        getColumnIndexes(): number[];
        setInitData(data: object): void;
        setMaxThreads(n: number): void;
      }): void;
      mainFunction(
        info: { getInitData(): object | undefined },
        output: { readonly chunk: object; rowCount: number },
      ): void;
      supportsProjectionPushdown: boolean;
    }): unknown;
  };
  readonly ENUM8: (values: readonly string[]) => Type;
  readonly UBIGINT: Type;
  readonly UINTEGER: Type;
  readonly UTINYINT: Type;
}

interface Bindings {
  data_chunk_get_vector(chunk: object, column: number): object;
  vector_ensure_validity_writable(vector: object): void;
  copy_data_to_vector(vector: object, to: number, from: ArrayBuffer, offset: number, bytes: number): void;
  copy_data_to_vector_validity(vector: object, to: number, from: ArrayBuffer, offset: number, bytes: number): void;
}

/** Rows of a chunk that DuckDB asks for at a time. */
const VECTOR_ROWS = 2048;

type Numbers = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;

/** A column that DuckDB can be given without making a value of each row. */
export interface ColumnType {
  readonly name: string;
  /** Labels make it an enum. */
  readonly type: "UBIGINT" | "UINTEGER" | "UTINYINT" | readonly string[];
}

/** Some rows, column by column in the order of their types. */
export interface Rows {
  readonly count: number;
  readonly columns: readonly Numbers[];
  /** For each column a bit of each row: whether it has the value. */
  readonly present: readonly Uint8Array<ArrayBuffer>[];
}

/** A database in memory, closed by `close`. */
export async function openDuck(threads: number): Promise<{ connection: Connection; close(): void }> {
  const { DuckDBInstance } = await peer<DuckModule>("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Makes `name()` a table of these rows; `source` is asked for them anew by each query that reads it. */
export async function registerRows(
  connection: Connection,
  name: string,
  types: readonly ColumnType[],
  source: () => Iterator<Rows>,
): Promise<void> {
  const duck = await peer<DuckModule>("@duckdb/node-api");
  const { default: bindings } = await peer<{ default: Bindings }>("@duckdb/node-bindings");
  const scan = duck.DuckDBTableFunction.create({
    name,
    supportsProjectionPushdown: true,
    bindFunction: (info) => {
      for (const { name: column, type } of types) {
        info.addResultColumn(column, typeof type === "string" ? duck[type] : duck.ENUM8(type));
      }
    },
    initFunction: (info) => {
      info.setMaxThreads(1);
      info.setInitData(new Scan(source(), info.getColumnIndexes()));
    },
    mainFunction: (info, output) => {
      const state = info.getInitData();
      if (state instanceof Scan) state.fill(bindings, output);
    },
  });
  connection.registerTableFunction(scan);
}

/** How far one query has read. */
class Scan {
  readonly #source: Iterator<Rows>;
  readonly #wanted: readonly number[];
  #rows: Rows | undefined;
  #at = 0;

  constructor(source: Iterator<Rows>, wanted: readonly number[]) {
    this.#source = source;
    this.#wanted = wanted;
  }

  fill(bindings: Bindings, output: { readonly chunk: object; rowCount: number }): void {
    if (this.#rows === undefined || this.#at === this.#rows.count) {
      this.#rows = this.#source.next().value;
      this.#at = 0;
    }
    const rows = this.#rows;
    const count = rows === undefined ? 0 : Math.min(VECTOR_ROWS, rows.count - this.#at);
    output.rowCount = count;
    if (rows === undefined || count === 0) return;
    for (const [place, column] of this.#wanted.entries()) {
      const vector = bindings.data_chunk_get_vector(output.chunk, place);
      const { buffer, BYTES_PER_ELEMENT: size } = rows.columns[column]!;
      bindings.copy_data_to_vector(vector, 0, buffer, this.#at * size, count * size);
      bindings.vector_ensure_validity_writable(vector);
      bindings.copy_data_to_vector_validity(vector, 0, rows.present[column]!.buffer, this.#at >> 3, (count + 7) >> 3);
    }
    this.#at += count;
  }
}
