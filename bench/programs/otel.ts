/** The OpenTelemetry SDK under measurement: `otel.ts URL`, exporting spans and logs in batches by OTLP/gRPC. */
import { peer } from "../peers.ts";
import { serveEvents, TABLES } from "./events.ts";

interface Span {
  end(): void;
}
interface Processor {
  forceFlush(): Promise<void>;
}
interface Api {
  readonly context: { setGlobalContextManager(manager: object): void };
  readonly SeverityNumber: { readonly INFO: number };
}
interface Tracing {
  readonly TracerProvider: new (options: {
    spanProcessors: Processor[];
  }) => { getTracer(name: string): { startActiveSpan<T>(name: string, work: (span: Span) => T): T } };
  readonly BatchSpanProcessor: new (options: object) => Processor;
}
interface Logging {
  readonly LoggerProvider: new (options: {
    processors: Processor[];
  }) => {
    getLogger(name: string): { emit(record: { severityNumber: number; severityText: string; body: string }): void };
  };
  readonly BatchLogRecordProcessor: new (options: object) => Processor;
}

const [url = ""] = process.argv.slice(2);
const api = await peer<Api>("@opentelemetry/api");
const { AsyncLocalStorageContextManager } = await peer<{
  readonly AsyncLocalStorageContextManager: new () => { enable(): object };
}>("@opentelemetry/context-async-hooks");
const { TracerProvider, BatchSpanProcessor } = await peer<Tracing>("@opentelemetry/sdk-trace");
const { LoggerProvider, BatchLogRecordProcessor } = await peer<Logging>("@opentelemetry/sdk-logs");
const { OTLPTraceExporter } = await peer<{ readonly OTLPTraceExporter: new (options: object) => object }>(
  "@opentelemetry/exporter-trace-otlp-grpc",
);
const { OTLPLogExporter } = await peer<{ readonly OTLPLogExporter: new (options: object) => object }>(
  "@opentelemetry/exporter-logs-otlp-grpc",
);

// The largest batches that the default queue allows: fewer requests than by default.
const batches = { maxQueueSize: 2048, maxExportBatchSize: 2048, scheduledDelayMillis: 60_000 };
const spans = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }), ...batches });
const logs = new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url }), ...batches });
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracer = new TracerProvider({ spanProcessors: [spans] }).getTracer("bench");
const logger = new LoggerProvider({ processors: [logs] }).getLogger("bench");
const severityNumber = api.SeverityNumber.INFO;

const flush = async () => void (await Promise.all([spans.forceFlush(), logs.forceFlush()]));
serveEvents({
  event: (index) =>
    tracer.startActiveSpan("load cart", (span) => {
      const body = `loaded ${index % 10_000} rows from ${TABLES[index & 3]}`;
      logger.emit({ severityNumber, severityText: "INFO", body });
      span.end();
    }),
  flush,
  finish: flush,
});
