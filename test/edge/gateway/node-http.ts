import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

const KEEP_ALIVE_MS = 600_000;

export interface Listening {
  /** Its MCP endpoint, on 127.0.0.1. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a web-standard handler by Node's HTTP server. @param port 0 for any that is free. */
export async function listen(handler: (request: Request) => Promise<Response>, port = 0): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Node closes a quiet connection after 5 s, and would do so just when a busy machine's next request is on its way.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(port, "127.0.0.1", resolve),
  );
  return { url: `http://127.0.0.1:${portOf(server)}/mcp`, close: () => close(server) };
}

async function answer(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const { method = "GET", headers, url = "/" } = incoming;
  const body = method === "POST" ? new Uint8Array(await buffer(incoming)) : undefined;
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    headers: new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    signal: gone.signal,
    ...(body && { body }),
  });
  const response = await handler(request);
  // What was fetched is decoded already, and is sent in chunks of its own.
  const {
    "content-encoding": _coding,
    "transfer-encoding": _chunks,
    ...replyHeaders
  } = Object.fromEntries(response.headers);
  outgoing.writeHead(response.status, replyHeaders);
  if (!response.body) outgoing.end();
  else
    Readable.fromWeb(response.body as never)
      .on("error", () => outgoing.destroy())
      .pipe(outgoing);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
