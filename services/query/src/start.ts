import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { AnalysisPool } from "@wayward/analysis";
import { query } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import type { Bus } from "@wayward/bus";
import { bytesPending, Reader } from "@wayward/reader";
import { sessionText } from "@wayward/record";
import { type CallContext, type Log, type Metrics, type Part, serverStream, unary } from "@wayward/service-kit";
import type { Store } from "@wayward/store";
import { analyze } from "./analyze.ts";
import { countCalls } from "./calls.ts";
import { checkId, removeSession } from "./delete.ts";
import { pageOf, sessionMessage } from "./sessions.ts";

export interface QueryOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly partitions: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Answers questions about what was recorded. */
export function startQuery({ bus, store, partitions, log, metrics }: QueryOptions): Part {
  const readers = new Map<string, Reader>();
  const readerOf = ({ caller: { tenant } }: CallContext) => {
    const reader = readers.get(tenant) ?? new Reader({ bus, store, partitions, tenant });
    readers.set(tenant, reader);
    return reader;
  };
  const pool = new AnalysisPool();
  const calls = countCalls(metrics);
  const call = <Request, Response>(
    method: string,
    handle: (reader: Reader, request: Request, context: CallContext) => Promise<Response>,
  ) =>
    unary<Request, Response>(log, (request, context) =>
      calls.one(method, () => handle(readerOf(context), request, context)),
    );

  const implementation: UntypedServiceImplementation = {
    listSessions: call<query.ListSessionsRequest, query.ListSessionsResponse>(
      "ListSessions",
      async (reader, request) => {
        const { page, nextPageToken } = await pageOf(reader, request, Date.now());
        return { sessions: page.map((view) => sessionMessage(view, Date.now())), nextPageToken };
      },
    ),
    getSession: call<query.GetSessionRequest, query.GetSessionResponse>("GetSession", async (reader, { session }) => {
      const view = await reader.session(checkId(session));
      if (view !== undefined) {
        const pending = await bytesPending(view, reader.catalogue.source);
        return { session: sessionMessage(view, Date.now(), pending) };
      }
      throw new WaywardError("NOT_FOUND", "NO_SESSION", `session ${sessionText(session)} is not here`);
    }),
    listKinds: call<query.ListKindsRequest, query.ListKindsResponse>("ListKinds", (reader, { selector }, { signal }) =>
      reader.kinds(selector, signal),
    ),
    count: call<query.CountRequest, query.CountResponse>("Count", (reader, request, { signal }) =>
      reader.count(request, signal),
    ),
    deleteSession: call<query.DeleteSessionRequest, query.DeleteSessionResponse>(
      "DeleteSession",
      async (reader, request, { caller: { tenant } }) => ({
        logNumber: await removeSession({ bus, store, partitions, tenant }, reader, request),
      }),
    ),
    analyze: serverStream<query.AnalyzeRequest, query.AnalyzeResponse>(log, (request, context) =>
      calls.many("Analyze", analyze(request, readerOf(context), pool, context.signal), context.signal),
    ),
    read: serverStream<query.ReadRequest, query.ReadResponse>(log, (request, context) =>
      calls.many("Read", readerOf(context).read(request, context.signal), context.signal),
    ),
  };
  return {
    name: "query",
    services: [{ definition: query.QueryServiceService, implementation }],
    stop: () => pool.close(),
  };
}
