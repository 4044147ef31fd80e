import { backoffDelay } from "../engine/schedule.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { PROTOCOL_VERSION } from "../protocol/meta-keys.ts";
import { encodeHeaderValue } from "../protocol/parameter-headers.ts";
import { EventStreamParser, uncached } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import { pause } from "./pause.ts";
import {
  abortable,
  BLANK_LINE,
  freeConnection,
  isEventStream,
  isJson,
  takeWhole,
} from "./response-messages.ts";
import { MAX_RESUMPTIONS, type ResponseSource, readResponseStream } from "./response-stream.ts";
import { SESSION_HEADER } from "./session-header.ts";
import type { SendOptions, Transport } from "./transport.ts";
import type { Link, LinkSeed } from "./url-connector.ts";

/** A stream of the server that lived for less than this ended too early, in ms. Proxies end idle streams after 30 s and more. */
const SHORT_LIFE_MS = 10_000;
/** How many redirects a request follows. */
const MAX_REDIRECTS = 5;

/** Where `Mcp-Name` comes from, by method (2026-07-28 streamable-http, "Standard Request Headers"; tasks, "Streamable HTTP"). */
const NAMES: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: JsonObject;
}

type HeaderValues = Readonly<Record<string, string | undefined>>;

/**
 * Streamable HTTP in both generations, without an SDK. A POST carries one request, so a response in it is the reply, whatever
 * id the server gave it (2025-11-25 transports, "Sending Messages to the Server").
 */
export class HttpTransport implements Transport, Link, ResponseSource {
  /** In 2026-07-28 the end of its response stream cancels a request. */
  readonly hasPerRequestStream = true;
  readonly resumesStreams = true;
  onclose: Transport["onclose"];
  onmessage: Transport["onmessage"];
  /** The session id that the server gave last. A server may replace it in any reply. */
  sessionId: string | undefined;
  readonly #url: URL;
  readonly #seed: LinkSeed;
  readonly #closing: AbortController = new AbortController();
  #version: string | undefined;
  #serverStream: AbortController | undefined;
  /** The server sends messages of its own accord, so that a reply may come on that stream. */
  #pushes = false;

  constructor(url: URL, seed: LinkSeed) {
    this.#url = url;
    this.#seed = seed;
    this.sessionId = seed.sessionId;
  }

  get transport(): Transport {
    return this;
  }

  async start(): Promise<void> {}

  setProtocolVersion(version: string): void {
    this.#version = version;
  }

  async close(): Promise<void> {
    this.stopListening();
    this.#closing.abort();
    this.onclose?.();
  }

  async send(message: Message, { headers, requestSignal }: SendOptions = {}): Promise<void> {
    const { id, method, params } = message;
    const { channel, clock, receive } = this.#seed;
    const awaited = id === undefined || method === undefined ? undefined : channel().awaited(id);
    const meta = params?._meta;
    const named = isObject(meta) && meta[PROTOCOL_VERSION];
    const version = typeof named === "string" ? named : undefined;
    const name = version && params?.[NAMES[method ?? ""] ?? ""];
    if (awaited?.resume) {
      awaited.lastEventId = awaited.resume.lastEventId;
      return void readResponseStream(this, this.#seed, awaited);
    }
    const begins = method === "initialize";
    const own: HeaderValues = {
      ...headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      [SESSION_HEADER]: begins ? undefined : this.sessionId,
      "mcp-protocol-version": version ?? this.#version,
      "mcp-method": version && method,
      "mcp-name": typeof name === "string" ? encodeHeaderValue(name) : undefined,
    };
    const request = awaited ?? abortable(requestSignal ?? this.#closing.signal);
    const response = await this.#fetch("POST", own, request.signal, JSON.stringify(message));
    if (!response.ok) throw await HttpError.of(response, clock.now());
    if (begins || this.sessionId !== undefined)
      this.sessionId = response.headers.get(SESSION_HEADER) ?? this.sessionId;
    if (!awaited) {
      if (response.body) void freeConnection(response.body.getReader(), clock, request);
    } else if (isEventStream(response))
      void readResponseStream(this, this.#seed, awaited, response, version === undefined);
    else await takeWhole(response, awaited, receive, this.#pushes);
  }

  /** Opens the stream on which a 2025-11-25 server sends of its own accord, unless it is open. Rejects if the server refuses it. */
  async listen(): Promise<void> {
    if (this.#serverStream) return;
    const wanted = new AbortController();
    this.#serverStream = wanted;
    try {
      const response = await this.#openServerStream(wanted.signal);
      if (response) void this.#follow(response, wanted);
    } catch (error) {
      this.#ended(wanted);
      throw error;
    }
  }

  stopListening(): void {
    this.#serverStream?.abort();
    this.#serverStream = undefined;
  }

  #ended(stream: AbortController): void {
    if (this.#serverStream === stream) this.#serverStream = undefined;
  }

  /** Returns the stream, or `undefined` if the server has none. Throws an HttpError for any other refusal. */
  async #openServerStream(signal: AbortSignal, lastEventId?: string): Promise<Response | undefined> {
    const response = await this.get(signal, lastEventId);
    if (response.ok && response.body) {
      this.#pushes = true;
      return response;
    }
    await response.body?.cancel();
    if (response.status !== 405) throw await HttpError.of(response, this.#seed.clock.now());
    this.#seed.pushRefused();
    return undefined;
  }

  /** Reads the stream of the server's own messages, and opens it again with a backoff when it ends. */
  async #follow(first: Response, wanted: AbortController): Promise<void> {
    const { clock, receive } = this.#seed;
    const { signal } = wanted;
    let lastEventId: string | undefined;
    let response: Response | undefined = first;
    let failures = 0;
    while (response) {
      const openedAt = clock.now();
      const parser = new EventStreamParser();
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      try {
        for (let over = false; !over; ) {
          const { done, value } = await reader.read();
          over = done;
          for (const { data } of parser.push(done ? BLANK_LINE : value))
            if (isJson(data)) for (const message of [JSON.parse(data)].flat()) receive(message);
        }
      } catch {
        // Opened again below, unless nobody wants it any more.
      }
      lastEventId = parser.lastEventId || lastEventId;
      failures = clock.now() - openedAt < SHORT_LIFE_MS ? failures + 1 : 1;
      response = undefined;
      while (!response && failures <= MAX_RESUMPTIONS) {
        await pause(backoffDelay(this.#url.href, failures), signal, clock);
        if (signal.aborted) return;
        try {
          response = await this.#openServerStream(signal, lastEventId);
          if (!response) break;
        } catch (error) {
          // A session that is gone has no stream. A network failure passes.
          if (signal.aborted || (error instanceof HttpError && error.status < 500 && error.status !== 429))
            break;
          failures += 1;
        }
      }
    }
    this.#ended(wanted);
  }

  /** Opens a stream of the server, or resumes one behind an event. */
  get(
    signal: AbortSignal,
    lastEventId?: string,
    sessionId: string | undefined = this.sessionId,
  ): Promise<Response> {
    const own = {
      accept: "text/event-stream",
      "mcp-protocol-version": this.#version,
      "last-event-id": lastEventId,
      [SESSION_HEADER]: sessionId,
    };
    return this.#fetch("GET", own, signal);
  }

  /** Follows redirects within the origin that keep the method: arguments and tokens go to no other. */
  async #fetch(method: string, own: HeaderValues, signal: AbortSignal, body?: string): Promise<Response> {
    const { fetch, requestInit } = this.#seed;
    const headers = new Headers(requestInit?.headers);
    for (const name in own) if (own[name] !== undefined) headers.set(name, own[name]);
    const init: RequestInit = {
      ...requestInit,
      ...(method === "GET" && uncached()),
      method,
      headers,
      redirect: "manual",
      signal,
      ...(body !== undefined && { body }),
    };
    let url = this.#url;
    for (let followed = 0; ; followed++) {
      const response = await fetch(url, init);
      const { status, type } = response;
      if (type !== "opaqueredirect" && (status < 300 || status > 399)) return response;
      await response.body?.cancel();
      const location = response.headers.get("location");
      const next = location !== null && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      const keepsMethod = method === "GET" || status === 307 || status === 308;
      if (next?.origin !== url.origin || !keepsMethod || followed === MAX_REDIRECTS)
        throw new HttpError(
          status || 307,
          `The server redirects${next ? ` to ${next.origin}${next.pathname}` : ""}`,
        );
      url = next;
    }
  }
}
