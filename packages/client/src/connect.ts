import * as grpc from "@grpc/grpc-js";
import { type AccessSettings, accessFrom, type Reached, reach } from "@wayward/access";
import { query, selection, stream } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { parseSessionText } from "@wayward/record";
import { addressOf, type Target } from "./address.ts";
import { type Analyzed, gatherAnalysis } from "./analysis.ts";
import { type Answer, ReadAnswer } from "./answer.ts";
import { Controls, type ControlTopic } from "./control.ts";
import { failureOf } from "./failure.ts";
import { filterOf, type Selection, selectorOf } from "./selection.ts";
import { Watch, type WatchOptions } from "./watch.ts";

const { Form } = selection;
const { Order } = query;

export interface ConnectOptions {
  /** `host:port` of all services, `https://host:port` for TLS; else WAYWARD_INGEST, WAYWARD_QUERY, WAYWARD_STREAM, WAYWARD_SERVER, else this machine. */
  readonly server?: string | undefined;
  /** Else WAYWARD_KEY, WAYWARD_KEY_FILE. */
  readonly key?: string | undefined;
  /** PEM file of certificates to trust; TLS is spoken then. Else WAYWARD_CA. */
  readonly caFile?: string | undefined;
}

export interface ReadOptions extends Selection {
  /** Newest first. */
  readonly reverse?: boolean | undefined;
  readonly limit?: number | undefined;
  /** From an earlier answer with the same selection: goes on there, on what that answer rested on. */
  readonly pageToken?: Uint8Array | undefined;
  /** `time` (the default), or `arrival`: as blocks came, which is cheapest and can be resumed by `cursor`. */
  readonly order?: "time" | "arrival" | undefined;
  /** From an earlier answer or watch with the same selection: goes on behind it, in order of arrival. */
  readonly cursor?: Uint8Array | undefined;
  /** How records travel: `rows` (the default), or `blocks` that are decoded here. The answer is the same. */
  readonly form?: "rows" | "blocks" | undefined;
}

export interface AnalyzeOptions
  extends Pick<Selection, "sessions" | "runs" | "names" | "hosts" | "labels" | "from" | "until"> {
  /** Rules, or what stands before the dot; all where none is given. */
  readonly rules?: readonly string[] | undefined;
  /** Tables wanted. */
  readonly tables?: readonly string[] | undefined;
  /** Also counts by function and lane, which takes longer. */
  readonly detail?: boolean | undefined;
}

export interface CountOptions extends Selection {
  /** kind, family, session, host, lane, zone, channel, queue, lock, mode or a field's name. */
  readonly groupBy?: readonly string[] | undefined;
  /** duration, wait, hold or a field's name. */
  readonly measure?: string | undefined;
  readonly sortBy?: "count" | "sum" | "max" | "p99" | undefined;
  readonly top?: number | undefined;
  /** Reads every record even where summaries would do. */
  readonly scan?: boolean | undefined;
}

/** As large as the servers' receive windows: the default of 64 KiB costs two thirds of the rate. */
const CHANNEL: grpc.ChannelOptions = {
  "grpc-node.flow_control_window": 8 * 1024 * 1024,
  "grpc.max_receive_message_length": 64 * 1024 * 1024,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // A watch that goes on by itself tries again each few seconds; by default a channel waits up to two minutes.
  "grpc.max_reconnect_backoff_ms": 5_000,
};

/** Connects when first asked something. Errors BAD_ADDRESS now; NO_SERVER, BAD_ACCESS and those of docs/operate/access.md then. */
export function connect(options: ConnectOptions = {}): Client {
  const address = (target: Target) => unwrap(addressOf(target, options.server));
  const given = { key: options.key, caFile: options.caFile };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return new Client(address("query"), address("stream"), address("ingest"), { ...accessFrom(), ...named });
}

/** What a program asks of the services. Every failure is a WaywardError with the server's reason. */
export class Client {
  readonly queryAddress: string;
  readonly streamAddress: string;
  readonly #access: AccessSettings;
  readonly #controls: Controls;
  #query: Opened<query.QueryServiceClient> | undefined;
  #stream: Opened<stream.StreamServiceClient> | undefined;

  constructor(queryAddress: string, streamAddress: string, ingestAddress: string, access = accessFrom()) {
    this.queryAddress = queryAddress;
    this.streamAddress = streamAddress;
    this.#access = access;
    this.#controls = new Controls(ingestAddress, access);
  }

  /** Sessions, newest first; with `states` only those in one of them now. */
  async *find(
    selection: Selection = {},
    limit = Number.POSITIVE_INFINITY,
    states: readonly query.SessionState[] = [],
  ): AsyncGenerator<query.Session> {
    let left = limit;
    let pageToken = "";
    do {
      const pageSize = Math.min(left, 1000);
      const page = await this.#ask<query.ListSessionsRequest, query.ListSessionsResponse>("listSessions", {
        selector: selectorOf(selection),
        pageSize,
        pageToken,
        states: [...states],
      });
      yield* page.sessions;
      left -= page.sessions.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== "" && left > 0);
  }

  /** One session by its id as text. Error NOT_FOUND. */
  async session(id: string): Promise<query.Session> {
    const request = { session: Buffer.from(unwrap(parseSessionText(id))) };
    const { session } = await this.#ask<query.GetSessionRequest, query.GetSessionResponse>("getSession", request);
    return session ?? query.Session.fromPartial({});
  }

  /** Records in order of time, newest first, or as they arrived. */
  read(options: ReadOptions = {}): Answer {
    const inArrival = options.order === "arrival" || options.cursor !== undefined;
    const reverse = options.reverse ?? false;
    const { client, metadata } = this.#queries();
    const request = {
      selector: selectorOf(options),
      filter: filterOf(options),
      form: options.form === "blocks" ? Form.FORM_BLOCKS : Form.FORM_ROWS_UNSPECIFIED,
      reverse,
      limit: BigInt(options.limit ?? 0),
      order: inArrival ? Order.ORDER_ARRIVAL : Order.ORDER_TIME_UNSPECIFIED,
      pageToken: Buffer.from(options.cursor ?? options.pageToken ?? new Uint8Array(0)),
    };
    const call = client.read(request, metadata());
    return new ReadAnswer(call, this.queryAddress, { reverse, inArrival });
  }

  /** History, then live. */
  watch(options: WatchOptions = {}): Watch {
    return new Watch(() => this.#streams(), this.streamAddress, options);
  }

  /** Runs the analyses over the chosen sessions. `progress` hears blocks done and blocks in all. */
  analyze(options: AnalyzeOptions = {}, progress?: (done: number, all: number) => void): Promise<Analyzed> {
    const { client, metadata } = this.#queries();
    const request = {
      selector: selectorOf(options),
      from: options.from ?? 0n,
      until: options.until ?? 0n,
      rules: [...(options.rules ?? [])],
      tables: [...(options.tables ?? [])],
      detail: options.detail ?? false,
    };
    const call = client.analyze(request, metadata());
    return gatherAnalysis(call, this.queryAddress, progress);
  }

  count(options: CountOptions = {}): Promise<query.CountResponse> {
    return this.#ask<query.CountRequest, query.CountResponse>("count", {
      selector: selectorOf(options),
      filter: filterOf(options),
      groupBy: [...(options.groupBy ?? [])],
      measure: options.measure ?? "",
      sortBy: options.sortBy ?? "",
      top: options.top ?? 0,
      scan: options.scan ?? false,
    });
  }

  kinds(selection: Selection = {}): Promise<query.ListKindsResponse> {
    return this.#ask<query.ListKindsRequest, query.ListKindsResponse>("listKinds", { selector: selectorOf(selection) });
  }

  /** Deletes a session by its id as text; one that is still open only with `force`. */
  delete(id: string, force = false): Promise<query.DeleteSessionResponse> {
    const session = Buffer.from(unwrap(parseSessionText(id)));
    return this.#ask<query.DeleteSessionRequest, query.DeleteSessionResponse>("deleteSession", { session, force });
  }

  /** What running agents are told, by topic; a topic that nobody has set is missing. */
  control(): Promise<Map<string, ControlTopic>> {
    return this.#controls.get();
  }

  /**
   * Tells running agents, and those that start later, what a topic
   * (`control/locks`) says from now on; gives its revision. With
   * `expectedRevision` only if that is the present one (0: if nobody has set
   * it), else error ABORTED / CHANGED. Error BAD_CONTROL over 16 KiB.
   */
  setControl(topic: string, value: string, expectedRevision?: bigint): Promise<bigint> {
    return this.#controls.set(topic, value, expectedRevision);
  }

  close(): void {
    this.#controls.close();
    this.#query?.client.close();
    this.#stream?.client.close();
  }

  #queries(): Opened<query.QueryServiceClient> {
    this.#query ??= open(query.QueryServiceClient, reach(grpc, this.queryAddress, this.#access));
    return this.#query;
  }

  #streams(): Opened<stream.StreamServiceClient> {
    this.#stream ??= open(stream.StreamServiceClient, reach(grpc, this.streamAddress, this.#access));
    return this.#stream;
  }

  async #ask<Request, Response>(method: UnaryMethod, request: Request): Promise<Response> {
    const { client, metadata } = this.#queries();
    const { path, requestSerialize, responseDeserialize } = query.QueryServiceService[method];
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize as (value: Request) => Buffer,
        responseDeserialize as (bytes: Buffer) => unknown as (bytes: Buffer) => Response,
        request,
        metadata(),
        (error: grpc.ServiceError | null, response?: Response) => {
          if (error !== null) reject(failureOf(error, this.queryAddress));
          else resolve(response as Response);
        },
      );
    });
  }
}

/** A client with what its calls say of who asks. */
interface Opened<C> {
  readonly client: C;
  readonly metadata: Reached["metadata"];
}

type Makes<C> = new (target: string, credentials: grpc.ChannelCredentials, options: grpc.ChannelOptions) => C;

function open<C>(Service: Makes<C>, { target, credentials, options, metadata }: Reached): Opened<C> {
  return { client: new Service(target, credentials, { ...CHANNEL, ...options }), metadata };
}

type UnaryMethod = "listSessions" | "getSession" | "count" | "listKinds" | "deleteSession";
