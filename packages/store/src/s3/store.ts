import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { WaywardError } from "@wayward/base";
import { checkKey } from "../check-key.ts";
import type { Body, ByteRange, ListedObject, Store, StoredObject } from "../port.ts";
import { isConflict, isMissing, isRange, isSilence, s3Error, silenceError } from "./failure.ts";

export interface S3StoreOptions {
  readonly bucket: string;
  /** URL of another server than AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** How long the server may neither take nor send a byte, in ms. Default 30,000. */
  readonly silenceMs?: number | undefined;
}

/** Objects that one request removes at most (S3 API). */
const REMOVE_MAX = 1000;

/**
 * Of silence, never of the whole request: a chunk may take minutes over a
 * slow line. What the system's own buffer holds, 4 MiB on Linux, must leave
 * it within this time, so a line needs 140 KiB/s. A write that stops half-way
 * is seen at Node's second look, after twice this time.
 */
const SILENCE_MS = 30_000;
const CONNECT_MS = 5_000;

/** Bytes of one write. Within one, a TLS socket that is slowly taking it looks silent. */
const WRITE_MAX = 1024 ** 2;

const quiet = () => {};
const QUIET = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Opens a bucket, which must exist. Credentials are found as every AWS tool finds them. */
export async function openS3Store(options: S3StoreOptions): Promise<Store> {
  const { bucket, endpoint, region, silenceMs = SILENCE_MS } = options;
  const client = new S3Client({
    region: region ?? "us-east-1",
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // Other servers than AWS do not all know the SDK's own checksum trailers.
    ...(endpoint === undefined
      ? {}
      : { requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" }),
    // What goes wrong is thrown; the SDK would write it to the console as well.
    logger: QUIET,
    maxAttempts: 3,
    requestHandler: { socketTimeout: silenceMs, connectionTimeout: CONNECT_MS },
  });
  const subject = `bucket ${bucket}${endpoint === undefined ? "" : ` at ${new URL(endpoint).host}`}`;
  waitOnce(client, subject);
  try {
    // The answer to a HEAD has no body, so nobody could tell a wrong key from a missing bucket.
    await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
  } catch (error) {
    client.destroy();
    throw s3Error(error, subject);
  }
  return new S3Store(client, bucket);
}

class S3Store implements Store {
  readonly name: string;
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.name = `s3://${bucket}`;
  }

  async put(key: string, body: Body, options: { readonly sha256?: Uint8Array } = {}): Promise<void> {
    await this.#put(key, body, options.sha256, {});
  }

  async createIfAbsent(key: string, body: Body): Promise<"created" | "exists"> {
    const etag = await this.#put(key, body, undefined, { IfNoneMatch: "*" });
    return etag === undefined ? "exists" : "created";
  }

  async replaceIfMatch(key: string, body: Body, etag: string): Promise<{ readonly etag: string } | "changed"> {
    const made = await this.#put(key, body, undefined, { IfMatch: etag });
    return made === undefined ? "changed" : { etag: made };
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject | undefined> {
    checkKey(key);
    if (range !== undefined && range.length === 0) return { bytes: new Uint8Array(0), etag: "" };
    const Range = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key, ...(Range === undefined ? {} : { Range }) }),
      );
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
      if (range !== undefined && bytes.length !== range.length) throw beyond(key, range, bytes.length);
      return { bytes, etag: range === undefined ? (answer.ETag ?? "") : "" };
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (range !== undefined && isRange(error)) throw beyond(key, range, 0);
      throw s3Error(error, `object ${key}`);
    }
  }

  async *list(prefix: string, after?: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, after, token);
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        yield { key: Key, bytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += REMOVE_MAX) {
      const Objects = keys.slice(from, from + REMOVE_MAX).map((Key) => ({ Key }));
      try {
        const { Errors } = await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        );
        const failed = Errors?.find(({ Code }) => Code !== "NoSuchKey");
        if (failed !== undefined) throw new Error(`${failed.Code}: ${failed.Message}`);
      } catch (error) {
        throw s3Error(error, `${Objects.length} objects to remove`);
      }
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #page(prefix: string, after: string | undefined, token: string | undefined) {
    const place = token !== undefined ? { ContinuationToken: token } : after !== undefined ? { StartAfter: after } : {};
    try {
      return await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ...place }));
    } catch (error) {
      throw s3Error(error, `objects below ${prefix}`);
    }
  }

  /** The new etag, or undefined if the condition did not hold. The body carries its SHA-256 always. */
  async #put(
    key: string,
    body: Body,
    sha256: Uint8Array | undefined,
    condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string },
  ): Promise<string | undefined> {
    checkKey(key);
    const pieces = body instanceof Uint8Array ? [body] : body;
    const digest = Buffer.from(sha256 ?? digestOf(pieces));
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: bodyOf(pieces),
      ContentLength: pieces.reduce((sum, { length }) => sum + length, 0),
      ChecksumSHA256: digest.toString("base64"),
      ...condition,
    });
    signDigest(command, digest.toString("hex"));
    try {
      const { ETag } = await this.#client.send(command);
      return ETag ?? "";
    } catch (error) {
      if (isConflict(error) || (condition.IfMatch !== undefined && isMissing(error))) return undefined;
      throw s3Error(error, `object ${key}`);
    }
  }
}

/** Several pieces are not joined: copying a chunk costs more than hashing it. */
function bodyOf(pieces: readonly Uint8Array[]): Uint8Array | Readable {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1 && only.length <= WRITE_MAX) return only;
  return Readable.from(writesOf(pieces), { objectMode: false });
}

function* writesOf(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += WRITE_MAX) yield piece.subarray(at, at + WRITE_MAX);
  }
}

/** The SDK would wait three times in a row; who called asks again, at a pace of its own. */
function waitOnce(client: S3Client, subject: string): void {
  const options = { step: "deserialize", priority: "high", name: "waitOnce" } as const;
  client.middlewareStack.add((next) => {
    return (args) =>
      next(args).catch((error: unknown) => {
        throw isSilence(error) ? silenceError(error, subject) : error;
      });
  }, options);
}

/** The signature covers the body by this digest; without it the SDK would hash the body once more. */
function signDigest(command: PutObjectCommand, sha256: string): void {
  const options = { step: "build", name: "signDigest" } as const;
  command.middlewareStack.add((next) => {
    return (args) => {
      if (hasHeaders(args.request)) args.request.headers["x-amz-content-sha256"] = sha256;
      return next(args);
    };
  }, options);
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === "object" && request !== null && "headers" in request;
}

function digestOf(pieces: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

function beyond(key: string, { offset, length }: ByteRange, got: number): WaywardError {
  const message = `object ${key}: bytes ${offset} to ${offset + length}, ${got} are there`;
  return new WaywardError("OUT_OF_RANGE", "BEYOND_OBJECT", message);
}
