/** An S3 server that keeps objects in memory and knows no conditions: If-None-Match and If-Match are ignored. Port 9000. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";

const objects = new Map<string, Buffer>();
const etagOf = (bytes: Buffer) => `"${createHash("md5").update(bytes).digest("hex")}"`;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://store");
  const body = await bodyOf(request);
  const object = objects.get(pathname);
  if (request.method === "PUT") {
    objects.set(pathname, body);
    response.setHeader("etag", etagOf(body)).end();
  } else if (request.method === "POST") {
    response.setHeader("content-type", "application/xml").end("<DeleteResult/>");
  } else if (searchParams.has("list-type")) {
    response
      .setHeader("content-type", "application/xml")
      .end("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>");
  } else if (object === undefined) {
    response.writeHead(404, { "content-type": "application/xml" }).end("<Error><Code>NoSuchKey</Code></Error>");
  } else {
    response.setHeader("etag", etagOf(object)).end(object);
  }
}).listen(9000);
