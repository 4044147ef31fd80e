import { HttpError } from "../../src/channel/http-error.ts";
import type { SendOptions, Transport } from "../../src/channel/transport.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";
import type { Agenda } from "./agenda.ts";
import { wireCopy } from "./copy.ts";
import type { Exchange, Host, Message, Stream } from "./exchange.ts";
import type { Tab } from "./tab.ts";
import type { Weather } from "./weather.ts";

/** What the wire reports, at the moment it happens in the tab. */
export interface WireEvents {
  /** A message is about to leave. */
  leaving(tab: Tab, endpoint: string, message: Message): void;
  /** A response reached the tab's code; `request` is what it answers. */
  answered(tab: Tab, endpoint: string, request: Message, response: Message): void;
  /** The server took what needs no response. */
  taken(tab: Tab, endpoint: string, message: Message): void;
  /** A request brought no response. `error` is what the tab's code receives, undefined if it receives nothing. */
  unanswered(tab: Tab, endpoint: string, request: Message, error: Error | undefined): void;
  /** A request or notification of the server reached the tab's code. */
  arrived(tab: Tab, endpoint: string, message: Message): void;
  crash(tab: Tab, moment: string): void;
  /** Something the weather did, for the count of what a run saw. */
  happened(what: string): void;
}

export interface Wire {
  readonly agenda: Agenda;
  readonly tab: Tab;
  readonly endpoint: string;
  readonly host: Host;
  readonly weather: Weather;
  readonly events: WireEvents;
  /** As SDK v2: an aborted request closes its stream, and the transport reports a stream's early end. */
  readonly reportsStreamEnds: boolean;
}

/** How long the SDK waits before it opens a lost GET stream again, in ms. */
const RECONNECT_MS = 1_000;

/** A Streamable HTTP transport of an SDK, with the network below it simulated. */
export class SimulatedTransport implements Transport {
  onmessage?: ((message: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  sessionId: string | undefined;
  readonly #wire: Wire;
  readonly #posts: Set<Post> = new Set();
  #listening: Listening | undefined;
  #closed = false;

  constructor(wire: Wire, sessionId: string | undefined) {
    this.#wire = wire;
    this.sessionId = sessionId;
    wire.tab.onDeath(() => this.#drop());
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {
    this.#drop();
    this.onclose?.();
  }

  async resumeStream(_lastEventId: string): Promise<void> {
    this.#listen();
  }

  send(message: Message, options?: SendOptions): Promise<void> {
    const { agenda, tab, weather, events, endpoint, host } = this.#wire;
    return new Promise((resolve, reject) => {
      if (!tab.alive) return;
      if (this.#closed) return reject(new Error("The transport is closed"));
      const { sessionId } = this;
      const sent = {
        ...wireCopy(message),
        ...(!message.method && { sessionId }),
      } as Message;
      if (weather.crashesAtSend()) return events.crash(tab, `before sending ${sent.method ?? "a response"}`);
      events.leaving(tab, endpoint, sent);
      if (!tab.alive) return;
      if (sent.method === "notifications/initialized") this.#listen();
      const post = new Post(this.#wire, this, sent, options ?? {}, resolve, reject);
      this.#posts.add(post);
      post.onClosed(() => this.#posts.delete(post));
      if (weather.offline || weather.losesRequest()) return post.lose("the request");
      // Once it has left, no end of the page stops it.
      agenda.after(weather.latency(), () => host.receive(post));
      if (weather.crashesAtSend()) events.crash(tab, `after sending ${sent.method ?? "a response"}`);
    });
  }

  deliver(message: Message): void {
    if (!this.#closed) (this.onmessage as ((message: Message) => void) | undefined)?.(message);
  }

  #listen(): void {
    if (this.#listening?.open || this.#closed || this.sessionId === undefined) return;
    const { tab, weather, host } = this.#wire;
    const listening = new Listening(this.#wire, this);
    this.#listening = listening;
    tab.after(weather.latency(), () => {
      if (!this.#closed && !weather.offline && !weather.losesRequest() && host.listen(listening)) return;
      listening.close();
    });
    // A proxy ends an idle stream at some time; the SDK opens another.
    listening.onClosed(() => void tab.after(RECONNECT_MS, () => this.#reconnect()));
  }

  #reconnect(): void {
    if (!this.#wire.weather.losesRequest()) this.#listen();
  }

  #drop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listening?.close();
    for (const post of [...this.#posts]) post.close();
  }
}

/** What both kinds of stream have in common: an end, and messages in their order. */
abstract class Channelled implements Stream {
  protected readonly wire: Wire;
  protected readonly transport: SimulatedTransport;
  readonly sessionId: string | undefined;
  readonly #endings: (() => void)[] = [];
  #free = 0;
  open = true;

  constructor(wire: Wire, transport: SimulatedTransport) {
    this.wire = wire;
    this.transport = transport;
    this.sessionId = transport.sessionId;
  }

  onClosed(closed: () => void): void {
    this.#endings.push(closed);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const ended of this.#endings) ended();
  }

  push(message: Message): void {
    if (!this.open) return;
    const { tab, weather, events, endpoint } = this.wire;
    const copy = wireCopy(message);
    if (weather.losesReply()) {
      events.happened("lost push");
      // A stream does not lose one message: it breaks.
      return this.broken();
    }
    const deliver = (): void => {
      events.arrived(tab, endpoint, copy);
      this.transport.deliver(copy);
    };
    this.inOrder(weather.latency(), deliver);
    if (copy.id === undefined && weather.duplicates()) {
      events.happened("duplicate notification");
      tab.after(weather.latency(), deliver);
    }
  }

  /** Runs `run` in the tab after `ms`, in order: not before messages that are already on their way. */
  protected inOrder(ms: number, run: () => void): void {
    const { now } = this.wire.agenda;
    this.#free = Math.max(this.#free, now + ms);
    this.wire.tab.after(this.#free - now, run);
  }

  protected broken(): void {
    this.close();
  }
}

class Listening extends Channelled {}

class Post extends Channelled implements Exchange {
  readonly message: Message;
  readonly #options: SendOptions;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  /** The response's headers have arrived: `send` has returned, and a later failure ends the stream. */
  #begun = false;
  #grant: string | undefined;

  constructor(
    wire: Wire,
    transport: SimulatedTransport,
    message: Message,
    options: SendOptions,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    super(wire, transport);
    this.message = message;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    if (wire.reportsStreamEnds) {
      options.requestSignal?.addEventListener("abort", () => this.close(), { once: true });
    }
  }

  lose(what: string): void {
    this.wire.events.happened(`lost ${what}`);
    this.broken();
  }

  reply(result: unknown): void {
    this.blurt({ jsonrpc: "2.0", id: this.message.id as RequestId, result });
  }

  fail(code: number, message: string): void {
    this.blurt({ jsonrpc: "2.0", id: this.message.id as RequestId, error: { code, message } });
  }

  blurt(body: unknown): void {
    if (!this.open) return;
    const { weather, events, tab, endpoint } = this.wire;
    if (weather.losesReply()) return this.lose("the reply");
    const response = wireCopy(body) as Message;
    this.inOrder(weather.latency(), () => {
      this.#granted();
      events.answered(tab, endpoint, this.message, response);
      this.transport.deliver(response);
      this.#begin();
    });
    this.close();
  }

  refuse(status: number, retryAfterMs?: number): void {
    if (!this.open) return;
    const { weather } = this.wire;
    if (weather.losesReply()) return this.lose("the reply");
    this.inOrder(weather.latency(), () => this.#fail(httpError(status, retryAfterMs)));
    this.close();
  }

  accept(): void {
    if (!this.open) return;
    const { tab, weather, events, endpoint } = this.wire;
    if (weather.losesReply()) return this.lose("the reply");
    this.inOrder(weather.latency(), () => {
      events.taken(tab, endpoint, this.message);
      this.#begin();
    });
    this.close();
  }

  hangUp(): void {
    if (!this.open) return;
    this.inOrder(this.wire.weather.latency(), () => {
      this.#begin();
      this.#ended();
    });
    this.close();
  }

  begin(sessionId: string): void {
    this.#grant = sessionId;
  }

  override push(message: Message): void {
    if (!this.open) return;
    this.inOrder(0, () => this.#begin());
    super.push(message);
  }

  protected override broken(): void {
    const { weather, events, tab, endpoint } = this.wire;
    if (weather.isSilent()) events.unanswered(tab, endpoint, this.message, undefined);
    else {
      this.inOrder(weather.latency(), () => {
        if (this.#begun) this.#ended();
        else this.#fail(new TypeError("Failed to fetch"));
      });
    }
    this.close();
  }

  #granted(): void {
    if (this.#grant !== undefined) this.transport.sessionId = this.#grant;
  }

  #begin(): void {
    this.#begun = true;
    this.#granted();
    this.#resolve();
  }

  /** SDK v1 does not report that a stream ended without its response. */
  #ended(): void {
    const { events, tab, endpoint } = this.wire;
    events.unanswered(tab, endpoint, this.message, undefined);
    if (this.wire.reportsStreamEnds) this.#options.onRequestStreamEnd?.();
  }

  #fail(error: Error): void {
    const { events, tab, endpoint } = this.wire;
    events.unanswered(tab, endpoint, this.message, error);
    this.#reject(error);
  }
}

function httpError(status: number, retryAfterMs: number | undefined): Error {
  if (retryAfterMs !== undefined) return new HttpError(status, "", retryAfterMs);
  const error = new Error(`Error POSTing to endpoint (HTTP ${status})`);
  if (status === 401) return Object.assign(error, { name: "UnauthorizedError" });
  return Object.assign(error, { name: "StreamableHTTPError", code: status });
}
