import type { PlainServer } from "../servers/plain-server.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** There and back, in virtual ms. */
const ROUND_TRIP_MS = 50;

/**
 * Between a client and a server in one process: takes time, and counts what would have been on the wire. Bytes are those of
 * HTTP/1.1 as text: request and status line, every header the client or the server set, and the bodies. What a browser
 * adds (User-Agent, cookies, compression of headers in HTTP/2) is the same for all and not in them.
 */
export class MeteredLine {
  readonly #server: PlainServer;
  readonly #time: VirtualTime;
  requests = 0;
  bytes = 0;
  /** The JSON-RPC method of each request, or its HTTP method. */
  readonly sent: string[] = [];

  constructor(server: PlainServer, time: VirtualTime) {
    this.#server = server;
    this.#time = time;
  }

  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    // Without the signal: it belongs to the transport, and a Request would listen to it for as long as that lives.
    const { signal, ...unsignalled } = init;
    const request = new Request(url, unsignalled);
    this.requests += 1;
    const body = typeof init.body === "string" ? init.body : "";
    this.sent.push(body === "" ? request.method : String(JSON.parse(body).method));
    this.bytes += lengthOf(`${request.method} ${new URL(url).pathname} HTTP/1.1`, new Headers(init.headers));
    this.bytes += Buffer.byteLength(body);
    await this.#time.wait(ROUND_TRIP_MS / 2);
    signal?.throwIfAborted();
    const response = await this.#server.fetch(request);
    await this.#time.wait(ROUND_TRIP_MS / 2);
    signal?.throwIfAborted();
    this.bytes += lengthOf(`HTTP/1.1 ${response.status}`, response.headers);
    return new Response(response.body && this.#counted(response.body, signal), {
      status: response.status,
      headers: response.headers,
    });
  };

  /** Ends with the request's signal, as the stream of a real `fetch` does. */
  #counted(
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal | null | undefined,
  ): ReadableStream<Uint8Array> {
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    body.pipeTo(counter.writable, signal ? { signal } : {}).catch(() => undefined);
    return counter.readable;
  }
}

function lengthOf(firstLine: string, headers: Headers): number {
  const lines = [firstLine, ...[...headers].map(([name, value]) => `${name}: ${value}`), "", ""];
  return Buffer.byteLength(lines.join("\r\n"));
}
