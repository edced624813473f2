/**
 * What the archive needs of an object store. Two adapters keep this contract
 * (`s3/`, `folder/`), one suite proves it (`contract.ts`).
 *
 * Keys are at most 512 bytes of `[a-z0-9/._-]`, without empty, `.` or `..`
 * parts; no key is another key's folder. Bodies are at most 64 MiB.
 */
export interface Store {
  /** For logs and errors: `s3://bucket` or `file:/folder`. */
  readonly name: string;

  /**
   * Writes the whole object or nothing; when it returns, the bytes are as
   * durable as the store can make them. The store checks the body against
   * `sha256` where that is given and refuses another one.
   */
  put(key: string, body: Body, options?: { readonly sha256?: Uint8Array }): Promise<void>;

  /**
   * Writes the object if the key has none. Of any number of racing callers
   * exactly one is told `created`. A call that throws may have written: the
   * caller asks again and reads what is there.
   */
  createIfAbsent(key: string, body: Body): Promise<"created" | "exists">;

  /**
   * Writes the object if its present version is `etag`. Of racing callers
   * with one etag exactly one is told the new etag; the others `changed`.
   */
  replaceIfMatch(key: string, body: Body, etag: string): Promise<{ readonly etag: string } | "changed">;

  /**
   * The object, or `range` of it, or undefined if there is none. The bytes
   * belong to the caller. A range that reaches past the end throws
   * OUT_OF_RANGE.
   */
  get(key: string, range?: ByteRange): Promise<StoredObject | undefined>;

  /** All objects whose key begins with `prefix`, and comes after `after`, in the order of keys' bytes. */
  list(prefix: string, after?: string): AsyncIterable<ListedObject>;

  /** Removes the objects; keys without one are no error. */
  remove(keys: readonly string[]): Promise<void>;

  close(): Promise<void>;
}

/** One piece, or several that are written end to end without being joined first. */
export type Body = Uint8Array | readonly Uint8Array[];

/** `length` bytes from `offset`. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Changes with the content; only good for `replaceIfMatch`. Empty with a part of an object, which says nothing of the rest. */
  readonly etag: string;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** By the store's clock, in milliseconds since 1970. */
  readonly modifiedMs: number;
}
