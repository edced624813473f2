export { authenticate, type Caller, type Scope } from "./authenticate.ts";
export { type Config, describeConfig, loadConfig, parseSize, type Setting, setting } from "./config.ts";
export { type CallContext, serverStream, unary } from "./grpc/handlers.ts";
export { type GrpcServer, type GrpcService, serveGrpc } from "./grpc/server.ts";
export { statusOf } from "./grpc/status.ts";
export { createLog, errorFacts, type Facts, isLogLevel, type Log, type LogLevel } from "./log.ts";
export { createMetrics, type Metrics } from "./metrics.ts";
export { runMain, signalled } from "./run-main.ts";
export { type Part, type ServeOptions, type Serving, serve } from "./serve.ts";
