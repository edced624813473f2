export { type FoundBinary, findBinary, needBinary, type Tool } from "./binaries.ts";
export { freePort } from "./free-port.ts";
export { type NatsCluster, type NatsOptions, type NatsServer, startNats, startNatsCluster } from "./nats.ts";
export { type ObserveListener, observeBlocks } from "./observe.ts";
export { type PushAnswer, PushStream } from "./push.ts";
export { requireReal } from "./require-real.ts";
export { type ServerCommand, type ServerProcess, startServer } from "./server-process.ts";
export { type TempFolder, tempFolder } from "./temp.ts";
export { type S3Server, startVersitygw } from "./versitygw.ts";
