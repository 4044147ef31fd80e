import type { Clock } from "../clock.ts";
import { EventStreamParser, uncached } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import { unreadable } from "./request-failed.ts";
import {
  abortable,
  BLANK_LINE,
  freeConnection,
  isEventStream,
  isJson,
  takeMessages,
  takeWhole,
} from "./response-messages.ts";
import type { AwaitedReply, RpcChannel } from "./rpc-channel.ts";
import { SESSION_HEADER } from "./session-header.ts";

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface ExchangeOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly channel: () => RpcChannel;
  /** Takes what the server sent beside the reply on the response stream of a request about this record. */
  readonly receive: (message: unknown, about?: string) => void;
  /** The server answered 405 to the GET that asks for its own stream. */
  readonly pushRefused: () => void;
}

/** The frames of our channel begin like this. OAuth requests, which pass through the same `fetch`, do not. */
const OWN_FRAME = /^\{"jsonrpc":"2\.0",(?:"id":(\d+),"method":"([^"]*))?/;

/**
 * The `fetch` under an SDK transport that only our channel uses. A POST carries one request, so a response in it is the
 * reply, whatever id the server gave it (2025-11-25 transports, "Sending Messages to the Server"). The reply goes straight
 * to the channel; the SDK only learns that the exchange is over. A request that no longer waits frees its connection.
 */
export class HttpExchange {
  /** The session id that the server gave last. A server may replace it in any reply. */
  sessionId: string | undefined;
  readonly #options: ExchangeOptions;
  #pushes = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  readonly fetch: Fetch = async (url, init = {}) => {
    const { fetch, channel } = this.#options;
    const headers = new Headers(init.headers);
    const [frame, id, method] = (typeof init.body === "string" && OWN_FRAME.exec(init.body)) || [];
    if (frame === undefined) {
      const streams = init.method === "GET" && headers.get("accept")?.includes("text/event-stream");
      return streams ? this.#openStream(url, { ...init, ...uncached(), headers }) : fetch(url, init);
    }
    const begins = method === "initialize";
    // The transport learns of a new session only after the channel, which may have gone on by then.
    if (this.sessionId !== undefined && !begins) headers.set(SESSION_HEADER, this.sessionId);
    const awaited = id === undefined ? undefined : channel().awaited(Number(id));
    // It was given up while the transport looked for its token.
    if (id !== undefined && !awaited) throw new DOMException("The request was given up", "AbortError");
    const request = awaited ?? abortable(init.signal);
    const response = await fetch(url, { ...init, headers, signal: request.signal });
    const { ok, status } = response;
    // Sign-in (401, 403) and redirects are the transport's.
    if (!ok && (status < 400 || status === 401 || status === 403)) return response;
    if (!ok) throw await HttpError.of(response, this.#options.clock.now());
    if (begins || headers.has(SESSION_HEADER))
      this.sessionId = response.headers.get(SESSION_HEADER) ?? this.sessionId;
    if (!awaited) {
      // Nothing is awaited in it, and SDK v2 would read a body that the server leaves open.
      if (response.body) void freeConnection(response.body.getReader(), this.#options.clock, request);
      return new Response(null, { status: 202, headers: this.#session(response) });
    }
    if (isEventStream(response)) return this.#relay(response, awaited);
    await takeWhole(response, awaited, this.#options.receive, this.#pushes);
    return new Response(null, { status: 202, headers: this.#session(response) });
  };

  /** The stream of the server's own messages, or the rest of a response stream that broke (`Last-Event-ID`). */
  async #openStream(url: string | URL, init: RequestInit & { headers: Headers }): Promise<Response> {
    const { fetch, channel, pushRefused } = this.#options;
    const lastEventId = init.headers.get("last-event-id");
    if (!lastEventId) {
      const response = await fetch(url, init);
      if (response.status === 405) pushRefused();
      else if (response.ok) this.#pushes = true;
      return response;
    }
    const awaited = channel().brokenAt(lastEventId);
    const response = await fetch(url, awaited ? { ...init, signal: awaited.signal } : init);
    return awaited && response.ok && response.body ? this.#relay(response, awaited, true) : response;
  }

  /** The response stream as the transport shall see it: event ids, so that it can resume, and the end. */
  #relay(response: Response, awaited: AwaitedReply, resumed = false): Response {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const parser = new EventStreamParser();
    const encoder = new TextEncoder();
    let passed = "";
    let odd: string | undefined;
    const read = async (): Promise<{ readonly text?: string; readonly end: boolean }> => {
      for (let over = false; !over; ) {
        const { done, value } = await reader.read();
        over = done;
        // Some servers name the event, or end the stream without the blank line that ends the event.
        for (const { data } of parser.push(done ? BLANK_LINE : value)) {
          if (data === "" || (done && !isJson(data))) continue;
          const taken = takeMessages(data, awaited, this.#options.receive, resumed);
          if (taken === "reply") {
            void freeConnection(reader, this.#options.clock, awaited);
            return { text: `data: {"jsonrpc":"2.0","id":${awaited.id},"result":{}}\n\n`, end: true };
          }
          if (!resumed && !taken) odd ??= data;
        }
        const { lastEventId, retryMs } = parser;
        if (lastEventId === passed) continue;
        passed = lastEventId;
        awaited.lastEventId = lastEventId;
        return {
          text: `${retryMs === undefined ? "" : `retry: ${retryMs}\n`}id: ${passed}\ndata:\n\n`,
          end: false,
        };
      }
      // With an event id the transport resumes the stream where it broke.
      if (odd !== undefined) awaited.fail(unreadable(odd));
      else if (!awaited.lastEventId)
        awaited.fail({ kind: "network", message: "The response stream ended without a response" });
      return { end: true };
    };
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { text, end } = await read();
          if (text !== undefined) controller.enqueue(encoder.encode(text));
          if (end) controller.close();
        } catch (error) {
          if (!awaited.lastEventId)
            awaited.fail({ kind: "network", message: `The response stream broke: ${error}` });
          controller.error(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", ...this.#session(response) },
    });
  }

  #session({ headers }: Response): Record<string, string> {
    const id = headers.get(SESSION_HEADER);
    return id === null ? {} : { [SESSION_HEADER]: id };
  }
}
