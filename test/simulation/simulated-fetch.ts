import { HttpError } from "../../src/channel/http-error.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";
import type { EventSink, LoggedEvent, LoggedStream } from "./event-log.ts";
import type { Exchange, Message } from "./exchange.ts";
import type { Wire } from "./simulated-transport.ts";

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** The `fetch` of a tab for one server, with the network below it simulated: what `holdfast/http` runs on. */
export function simulatedFetch(wire: Wire): Fetch {
  return (_url, init = {}) =>
    new Promise((resolve, reject) => {
      const { agenda, tab, weather, events, endpoint, host } = wire;
      const { signal } = init;
      if (!tab.alive) return;
      if (signal?.aborted) return reject(signal.reason);
      const headers = new Headers(init.headers);
      const sessionId = headers.get("mcp-session-id") ?? undefined;
      if (init.method === "GET") {
        const lastEventId = headers.get("last-event-id");
        const get = new Connection(wire, sessionId, { jsonrpc: "2.0" }, resolve, reject, signal);
        if (weather.offline || weather.losesRequest()) return get.lose("the request");
        agenda.after(weather.latency(), () =>
          lastEventId === null ? get.listen() : get.resume(lastEventId),
        );
        return;
      }
      const message = JSON.parse(String(init.body)) as Message;
      const sent: Message = { ...message, ...(!message.method && { sessionId }) };
      const name = sent.method ?? "a response";
      if (weather.crashesAtSend()) return events.crash(tab, `before sending ${name}`);
      events.leaving(tab, endpoint, sent);
      if (!tab.alive) return;
      const post = new Connection(wire, sessionId, sent, resolve, reject, signal);
      if (weather.offline || weather.losesRequest()) return post.lose("the request");
      // Once it has left, no end of the page stops it.
      agenda.after(weather.latency(), () => host.receive(post));
      if (weather.crashesAtSend()) events.crash(tab, `after sending ${name}`);
    });
}

/** The body of an event stream, as far as a reader of `holdfast/http` uses it. */
class Body {
  readonly #chunks: Uint8Array[] = [];
  readonly #cancelled: () => void;
  #waiting: { resolve(read: object): void; reject(error: unknown): void } | undefined;
  #over: { readonly error?: unknown } | undefined;

  constructor(cancelled: () => void) {
    this.#cancelled = cancelled;
  }

  push(text: string): void {
    if (this.#over) return;
    this.#chunks.push(new TextEncoder().encode(text));
    this.#serve();
  }

  end(over: { readonly error?: unknown } = {}): void {
    this.#over ??= over;
    this.#serve();
  }

  /** Read to its end, broken, or cancelled by its reader. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  getReader(): unknown {
    return { read: () => this.#read(), cancel: () => this.cancel() };
  }

  async cancel(): Promise<void> {
    this.#cancelled();
    this.end();
  }

  #read(): Promise<object> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const waiting = this.#waiting;
    const [chunk] = this.#chunks;
    if (!waiting || (!chunk && !this.#over)) return;
    this.#waiting = undefined;
    if (chunk) waiting.resolve({ done: false, value: this.#chunks.shift() });
    else if (this.#over && "error" in this.#over) waiting.reject(this.#over.error);
    else waiting.resolve({ done: true });
  }
}

/** One HTTP request, and what comes back on its connection. */
class Connection implements Exchange, EventSink {
  readonly message: Message;
  readonly sessionId: string | undefined;
  open = true;
  readonly #wire: Wire;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;
  readonly #endings: (() => void)[] = [];
  readonly #body: Body;
  /** When the connection is free again: its messages stay in order. */
  #free = 0;
  #begun = false;
  #grant: string | undefined;
  #stream: LoggedStream | undefined;

  constructor(
    wire: Wire,
    sessionId: string | undefined,
    message: Message,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | null | undefined,
  ) {
    this.#wire = wire;
    this.sessionId = sessionId;
    this.message = message;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#body = new Body(() => this.close());
    wire.tab.onDeath(() => this.close());
    signal?.addEventListener("abort", () => {
      this.close();
      reject(signal.reason);
      this.#body.end({ error: signal.reason });
    });
  }

  onClosed(closed: () => void): void {
    this.#endings.push(closed);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const ended of this.#endings) ended();
  }

  // ── what the server does ─────────────────────────────────────────────────────────────────────

  prime(): void {
    const { host } = this.#wire;
    if (!host.events || this.#stream) return;
    this.#stream = host.events.open(this.message, this.sessionId);
    this.#stream.sink = this;
    this.#stream.add(undefined);
  }

  reply(result: unknown): void {
    this.blurt({ jsonrpc: "2.0", id: this.message.id as RequestId, result });
  }

  fail(code: number, message: string): void {
    this.blurt({ jsonrpc: "2.0", id: this.message.id as RequestId, error: { code, message } });
  }

  blurt(body: unknown): void {
    if (this.#stream) return this.#stream.add(copy(body), true);
    if (!this.open) return;
    const { weather, events, tab, endpoint } = this.#wire;
    if (weather.losesReply()) return this.lose("the reply");
    const response = copy(body);
    this.#inOrder(() => {
      events.answered(tab, endpoint, this.message, response);
      if (this.#begun) this.#body.push(sse(response));
      else this.#respond(200, JSON.stringify(response));
      this.#body.end();
    });
    this.close();
  }

  refuse(status: number, retryAfterMs?: number): void {
    if (!this.open) return;
    const { weather, events, tab, endpoint } = this.#wire;
    if (weather.losesReply()) return this.lose("the reply");
    this.#inOrder(() => {
      const error = Object.assign(new HttpError(status, "", retryAfterMs), { code: status });
      if (this.message.id !== undefined || this.message.method)
        events.unanswered(tab, endpoint, this.message, error);
      this.#respond(status, "", retryAfterMs);
    });
    this.close();
  }

  accept(): void {
    if (!this.open) return;
    const { weather, events, tab, endpoint } = this.#wire;
    if (weather.losesReply()) return this.lose("the reply");
    this.#inOrder(() => {
      events.taken(tab, endpoint, this.message);
      this.#respond(202, "");
    });
    this.close();
  }

  hangUp(): void {
    if (!this.open) return;
    this.#inOrder(() => {
      const { events, tab, endpoint } = this.#wire;
      if (this.message.method) events.unanswered(tab, endpoint, this.message, undefined);
      this.#begin();
      this.#body.end();
    });
    this.close();
  }

  begin(sessionId: string): void {
    this.#grant = sessionId;
  }

  push(message: Message): void {
    if (this.#stream) return this.#stream.add(copy(message));
    if (!this.open) return;
    const { tab, weather, events, endpoint } = this.#wire;
    const pushed = copy(message);
    if (weather.losesReply()) return this.lose("push");
    const deliver = (): void => {
      events.arrived(tab, endpoint, pushed);
      this.#begin();
      this.#body.push(sse(pushed));
    };
    this.#inOrder(deliver);
    if (message.id === undefined && weather.duplicates()) {
      events.happened("duplicate notification");
      this.#inOrder(deliver);
    }
  }

  emit(event: LoggedEvent, stream: LoggedStream, last: boolean): void {
    if (!this.open) return;
    const { tab, weather, events, endpoint } = this.#wire;
    if (weather.losesReply()) return this.lose("a response stream");
    const { id, message } = event;
    this.#inOrder(() => {
      // Its reader opened the stream again meanwhile.
      if (this.#body.isOver) return;
      this.#begin();
      if (message?.method) events.arrived(tab, endpoint, message);
      else if (message && !stream.wasRead) {
        stream.wasRead = true;
        events.answered(tab, endpoint, stream.request, message);
      }
      this.#body.push(sse(message, id));
      if (last) this.#body.end();
    });
    if (last) this.close();
  }

  // ── what the network does ────────────────────────────────────────────────────────────────────

  listen(): void {
    if (!this.open) return;
    if (!this.#wire.host.listen(this)) return this.refuse(404);
    this.#inOrder(() => this.#begin());
  }

  resume(lastEventId: string): void {
    if (!this.open) return;
    const resumption = this.#wire.host.events?.resume(this.sessionId, lastEventId);
    switch (resumption?.kind) {
      case "stream": {
        const { stream, after, live } = resumption;
        this.#inOrder(() => this.#begin());
        for (const event of stream.events.slice(after)) this.emit(event, stream, stream.isLast(event));
        if (live) stream.sink = this;
        return;
      }
      case "empty":
        return this.hangUp();
      default:
        return this.refuse(resumption?.status ?? 405);
    }
  }

  lose(what: string): void {
    const { weather, events, tab, endpoint } = this.#wire;
    events.happened(`lost ${what}`);
    const { method } = this.message;
    const silent = weather.isSilent();
    // The reply of a stream that the server keeps may yet be read.
    const fails = (error?: Error): void => {
      if (method && !this.#stream) events.unanswered(tab, endpoint, this.message, error);
    };
    if (silent) fails();
    else
      this.#inOrder(() => {
        const error = new TypeError("Failed to fetch");
        fails(error);
        if (this.#begun) this.#body.end({ error });
        else this.#reject(error);
      });
    this.close();
  }

  #inOrder(run: () => void): void {
    const { agenda, tab, weather } = this.#wire;
    this.#free = Math.max(this.#free, agenda.now + weather.latency());
    tab.after(this.#free - agenda.now, run);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#answer(200, { "content-type": "text/event-stream" }, "");
  }

  #respond(status: number, text: string, retryAfterMs?: number): void {
    const seconds = retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1_000) };
    this.#answer(status, { "content-type": "application/json", ...seconds }, text);
  }

  #answer(status: number, fields: Record<string, string>, text: string): void {
    const headers = new Headers(fields);
    if (this.#grant !== undefined) headers.set("mcp-session-id", this.#grant);
    const response = { ok: status < 300, status, headers, body: this.#body, text: async () => text };
    this.#resolve(response as unknown as Response);
  }
}

function copy(message: unknown): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}

function sse(message: Message | undefined, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${message ? JSON.stringify(message) : ""}\n\n`;
}
