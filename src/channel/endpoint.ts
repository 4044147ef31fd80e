import { type Clock, systemClock } from "../clock.ts";
import { type Fault, isClientError } from "../engine/fault.ts";
import type { ToolDescription } from "../engine/queue.ts";
import { RequestFaultError } from "../engine/request-fault.ts";
import { isObject, own } from "../protocol/json.ts";
import {
  type RequestId,
  type RpcNotification,
  type RpcReply,
  type RpcRequest,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../protocol/json-rpc.ts";
import { type Generation, traitsOf } from "../protocol/registry.ts";
import { type Session, SUBSCRIPTION_ID } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { type ListedTool, readToolPage } from "../protocol/tool-facts.ts";
import type { Connection, ConnectionEvents, Connector } from "./connection.ts";
import { explained } from "./failure-text.ts";
import { type Page, readPages } from "./pages.ts";
import { faultOf } from "./request-fault.ts";
import { isChannelId, type RequestOptions } from "./rpc-channel.ts";

/** Where an endpoint keeps what it agreed on. */
export interface SessionMemory {
  load(): Promise<Session | undefined>;
  save(session: Session): Promise<void>;
  /** Runs the work while no other tab connects to this endpoint, so that all come to share a session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a server that refused to push is not asked again, in ms. */
const PUSH_REFUSAL_MS = 3_600_000;

/**
 * One server under one authorization. Connects when first needed, with the remembered session if
 * there is one; a session the server has forgotten is made anew once, and the request repeated.
 */
export class Endpoint {
  readonly name: string;
  readonly #connector: Connector;
  readonly #memory: SessionMemory;
  /** Told why a list was not read to its end. */
  readonly #listCut: (why: string) => void;
  readonly #inbound: ConnectionEvents["inbound"];
  readonly #clock: Clock;
  readonly #timeoutMs: number | undefined;
  #connecting: Promise<Connection> | undefined;
  /** What `#connecting` resolved with. */
  #current: Connection | undefined;
  readonly #closing: AbortController = new AbortController();
  /** Over all endpoints: they may share a provider of tokens. */
  static #startedByPersons = 0;
  #lastStarted = 0;
  #waitingPersons = 0;
  /** How many calls and tasks want the server to push. */
  #listeners = 0;
  #listening: Connection | undefined;
  #listingTools: Promise<readonly ListedTool[]> | undefined;
  /** How many requests are out on a connection. */
  readonly #out: WeakMap<Connection, number> = new WeakMap();
  /** Connections with a session the server forgot, and requests still out. */
  readonly #replaced: Set<Connection> = new Set();
  /** The session as last agreed or remembered, with what is known of the tools. */
  #session: Session | undefined;
  #pushRefusedAt: number = Number.NEGATIVE_INFINITY;

  constructor(
    name: string,
    connector: Connector,
    memory: SessionMemory,
    inbound: ConnectionEvents["inbound"],
    clock: Clock = systemClock,
    timeoutMs?: number,
    listCut: (why: string) => void = () => undefined,
  ) {
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#connector = connector;
    this.#memory = memory;
    this.#listCut = listCut;
    this.#clock = clock;
    this.#inbound = (message, origin) => {
      // What is known of the tools is asked again at the next call.
      if (message.method === "notifications/tools/list_changed") this.forgetTools().catch(() => undefined);
      // Subscriptions of others on the same transport are acknowledged to them.
      if (message.method === "notifications/subscriptions/acknowledged" && !isOwn(message)) return false;
      return inbound(message, origin);
    };
  }

  /** Nobody else speaks on its transport: what the server asks there, it asks us. */
  get hasOwnTransport(): boolean {
    return this.#connector.renewable;
  }

  /** Runs what a person started: only its requests may ask that person to sign in. */
  async forPerson<T>(work: () => Promise<T>): Promise<T> {
    this.#lastStarted = ++Endpoint.#startedByPersons;
    this.#waitingPersons++;
    try {
      return await work();
    } finally {
      this.#waitingPersons--;
    }
  }

  /** What was agreed with the server; connects if need be. Throws a RequestFaultError, or the signal's reason. */
  async session(signal?: AbortSignal): Promise<Session> {
    await unlessAborted(this.#connected(), signal);
    return this.#session as Session;
  }

  /** What is remembered of the session, without connecting. */
  async rememberedSession(): Promise<Session | undefined> {
    return this.#session ?? this.#remembered();
  }

  /**
   * Sends a request and returns its result. Throws a RequestFaultError, or the signal's reason.
   * @param of The generation of the task it is about. It never leaves while the server speaks another one.
   */
  request(frame: Frame, options?: RequestOptions, of?: Generation): Promise<unknown> {
    return this.#request(frame, options, of).catch((error: unknown) => {
      options?.signal?.throwIfAborted();
      return this.#explain(error);
    });
  }

  async #request(frame: Frame, options?: RequestOptions, of?: Generation): Promise<unknown> {
    const connection = await unlessAborted(this.#connected(), options?.signal);
    const { generation } = connection.session;
    if (of && of !== generation) {
      // The server may go back to the one in which it has the task.
      const message = `The task is of ${of}, and its server now speaks ${generation}`;
      throw new RequestFaultError(frame.method, { kind: "network", message, unsent: true });
    }
    try {
      return await this.#requestOn(connection, frame, options);
    } catch (error) {
      const forgotten = await this.#forgotten(error, connection, options?.signal);
      if (!forgotten && !this.#outgrown(error, connection, frame)) throw error;
      await this.#renew(connection);
      const renewed = await unlessAborted(this.#connected(), options?.signal);
      const same = forgotten && renewed.session.generation === generation;
      // In the other generation a call is another one. Tools are listed alike in both.
      if (!same && frame.method !== "tools/list") throw error;
      if (options?.mayRepeat?.() === false) {
        const message = "The session was renewed, and the server wants the request later";
        throw new RequestFaultError(frame.method, { kind: "network", message, unsent: true }, error);
      }
      return this.#requestOn(renewed, frame, options);
    }
  }

  /** Whether the server has lately said, to this page or an earlier one, that it does not push. */
  get refusesPush(): boolean {
    const at = Math.max(this.#pushRefusedAt, this.#session?.pushRefusedAt ?? Number.NEGATIVE_INFINITY);
    return this.#clock.now() - at < PUSH_REFUSAL_MS;
  }

  /** The server does not push: it is asked again only after a while. */
  async pushRefused(): Promise<void> {
    this.#pushRefusedAt = this.#clock.now();
    // Before the session is agreed there is nothing to keep it with.
    if (this.#session) await this.#remember(this.#session);
  }

  /**
   * Lets the server send of its own accord (2025-11-25) for as long as anybody who called this has not called the
   * function it returned. Does not connect: the stream opens with the next connection.
   */
  listen(): () => void {
    this.#listeners++;
    this.#openServerStream();
    let listens = true;
    return () => {
      if (!listens) return;
      listens = false;
      if (--this.#listeners > 0) return;
      this.#listening?.stopListening?.();
      this.#listening = undefined;
    };
  }

  #openServerStream(): void {
    const connection = this.#current;
    if (this.#listeners === 0 || !connection || this.#listening === connection || this.refusesPush) return;
    this.#listening = connection;
    // Nothing depends on it: the polls go on.
    connection.listen?.().catch(() => undefined);
  }

  /**
   * Answers a request of the server. Throws a RequestFaultError, or the signal's reason.
   * @param sessionId The session in which the server asked, if it has sessions. In another one the id names another
   *   request of the server, or none.
   * @returns False when that session is over: then nothing is sent.
   */
  async respond(
    id: RequestId,
    reply: RpcReply,
    sessionId: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    // Connecting takes its time, and somebody else may have taken the task over meanwhile.
    const current = await unlessAborted(this.#connected(), signal);
    const asking = [current, ...this.#replaced].find(({ session }) => session.sessionId === sessionId);
    const connection = sessionId === undefined ? current : asking;
    const sent =
      "result" in reply
        ? connection?.respond(id, reply.result)
        : connection?.refuse(id, reply.error.code, reply.error.message);
    await sent?.catch(this.#explain);
    return connection !== undefined;
  }

  /**
   * Connects, and asks what `tools/list` says of a tool. Throws a RequestFaultError, or the signal's reason.
   * @param anew The tools are listed even if what they said is known: it may be out of date, or the server out of reach.
   */
  async describe(name: string, anew: boolean, signal?: AbortSignal): Promise<ToolDescription> {
    const session = await this.session(signal);
    const known = own(session.tools, name);
    if (known && !anew) return { session, facts: known, cached: true };
    // Calls made at once ask together.
    this.#listingTools ??= this.listTools().finally(() => {
      this.#listingTools = undefined;
    });
    const listed = await unlessAborted(this.#listingTools, signal).catch((error: unknown) => {
      // A server may have tools and no list of them; the call itself will tell.
      const { fault } = error instanceof RequestFaultError ? error : {};
      if (fault?.kind === "rpc" && !fault.unsent) return [];
      throw error;
    });
    const facts = listed.find((tool) => tool.name === name)?.facts;
    return { session: await this.session(signal), facts, cached: false };
  }

  /** The same without a request: `undefined` unless the endpoint is connected and the tool was listed. */
  described(name: string): ToolDescription | undefined {
    const session = this.#current && this.#session;
    const facts = own(session?.tools, name);
    return session && facts && { session, facts, cached: true };
  }

  /**
   * Reads all pages of a list, and reports one that was not read to its end. Rejects as `read` does.
   * @param keyOf What is listed twice under one key is one item.
   */
  async list<T>(
    method: string,
    read: (cursor: string | undefined) => Promise<Page<T>>,
    keyOf: (item: T) => string,
  ): Promise<readonly T[]> {
    const { items, cut } = await readPages(method, read, keyOf);
    if (cut !== undefined) this.#listCut(cut);
    return items;
  }

  /** All pages of `tools/list`. Throws a RequestFaultError, or the signal's reason. */
  async listTools(options?: RequestOptions): Promise<readonly ListedTool[]> {
    const method = "tools/list";
    const tools = await this.list(
      method,
      async (cursor) => {
        const params = cursor === undefined ? {} : { cursor };
        const { tools: items, ...rest } = readToolPage(await this.request({ method, params }, options));
        return { items, ...rest };
      },
      ({ name }) => name,
    );
    const facts = Object.fromEntries(tools.map((tool) => [tool.name, tool.facts]));
    await this.#remember({ ...(await this.session()), tools: facts });
    return tools;
  }

  /** The server changed its tools, or refused a call made by what was known of them. */
  async forgetTools(): Promise<void> {
    this.#listingTools = undefined;
    if (!this.#session?.tools) return;
    const { tools: _stale, ...session } = this.#session;
    await this.#remember(session);
  }

  /** Closes the connections at once, and ends a handshake under way. Later requests reject with `reason`. */
  async close(reason?: unknown): Promise<void> {
    this.#closing.abort(reason);
    const open = [...this.#replaced, ...(this.#current ? [this.#current] : [])];
    await Promise.all(open.map((connection) => connection.close()));
  }

  /** A replaced connection is closed after its last request: what else is out on it shall have its own reply. */
  async #requestOn(connection: Connection, frame: Frame, options?: RequestOptions): Promise<unknown> {
    this.#out.set(connection, (this.#out.get(connection) ?? 0) + 1);
    try {
      return await connection.request(frame, options);
    } finally {
      // A server may replace the session's id in any reply; the next page must know.
      const { sessionId } = connection.session;
      if (this.#session && sessionId !== this.#session.sessionId && !this.#replaced.has(connection))
        await this.#remember({ ...this.#session, ...(sessionId !== undefined && { sessionId }) });
      const out = (this.#out.get(connection) ?? 1) - 1;
      this.#out.set(connection, out);
      if (out === 0 && this.#replaced.delete(connection)) await connection.close();
    }
  }

  async #remembered(): Promise<Session | undefined> {
    // A store that fails must not cost the session as long as the page lives.
    const session = (await this.#memory.load()) ?? this.#session;
    return session && session.address === this.#connector.address ? session : undefined;
  }

  async #connected(): Promise<Connection> {
    this.#closing.signal.throwIfAborted();
    return this.#connecting ?? this.#connect(undefined);
  }

  /** Connects with the session in memory, unless that is the one just found lost. */
  #connect(lost: Session | undefined): Promise<Connection> {
    let connecting: Promise<Connection>;
    this.#current = undefined;
    const forget = (): void => {
      if (this.#connecting !== connecting) return;
      this.#connecting = undefined;
      this.#current = undefined;
    };
    connecting = this.#memory
      .exclusively(async (): Promise<Connection> => {
        const remembered = await this.#remembered();
        const known = lost && remembered?.sessionId === lost.sessionId ? undefined : remembered;
        const pushRefused = (): void => void this.pushRefused().catch(() => undefined);
        const closing = this.#closing.signal;
        closing.throwIfAborted();
        let connection: Connection | undefined;
        const inbound: ConnectionEvents["inbound"] = (message, origin) => {
          const { sessionId } = connection?.session ?? {};
          return this.#inbound(message, { ...origin, ...(sessionId !== undefined && { sessionId }) });
        };
        const person = (): number => (this.#waitingPersons > 0 ? this.#lastStarted : 0);
        const events = { inbound, closed: forget, pushRefused, person, closing };
        connection = await this.#connector.connect(events, known, {
          ...(this.#timeoutMs !== undefined && { timeoutMs: this.#timeoutMs }),
        });
        if (connection.session === known) this.#session = known;
        else
          await this.#remember({
            ...connection.session,
            ...(this.#session?.tools &&
              this.#session.generation === connection.session.generation && { tools: this.#session.tools }),
          });
        if (closing.aborted) await connection.close();
        return connection;
      })
      .catch((error: unknown) => {
        this.#closing.signal.throwIfAborted();
        return unsent(error);
      })
      .catch(this.#explain);
    this.#connecting = connecting;
    connecting.then(
      (connection) => {
        if (this.#connecting !== connecting) return;
        this.#current = connection;
        this.#openServerStream();
      },
      () => undefined,
    );
    connecting.catch(forget);
    return connecting;
  }

  /** Several requests may find the session gone at once: the first one makes it anew. */
  async #renew(lost: Connection): Promise<void> {
    const connecting = this.#connecting;
    const current = await connecting?.catch(() => undefined);
    if (current !== lost || this.#connecting !== connecting) return;
    const renewed = this.#connect(lost.session);
    if (this.#out.get(lost)) this.#replaced.add(lost);
    else await lost.close();
    await renewed;
  }

  /**
   * Whether the server no longer knows our session: HTTP 404 (2025-11-25 transports, "Session Management"), or what
   * other servers say in its place. Then it did nothing with the request.
   */
  async #forgotten(
    error: unknown,
    connection: Connection,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { generation, sessionId } = connection.session;
    if (!this.#connector.renewable || !traitsOf(generation).sessions) return false;
    const status = statusOf(error);
    if (status === 404) return sessionId !== undefined;
    if (!speaksOfSession(error)) return false;
    if (status >= 400 && status < 500) return true;
    // It may be a tool that speaks of a session of its own: a ping tells which.
    const ping = { method: "ping", params: {} };
    return this.#requestOn(connection, ping, signal && { signal }).then(
      () => false,
      (refusal: unknown) => statusOf(refusal) === 404 || speaksOfSession(refusal),
    );
  }

  /**
   * Whether the server has changed its generation since the session was agreed: it names the versions it speaks, or answers
   * 400 and no more (versioning, "Backward Compatibility"). Only calls find out, so that tasks outlast one that changes back.
   */
  #outgrown(error: unknown, { session }: Connection, { method }: Frame): boolean {
    if (!this.#connector.renewable || (method !== "tools/call" && method !== "tools/list")) return false;
    if (!(error instanceof RequestFaultError)) return false;
    const { fault } = error;
    if (fault.kind === "rpc") return fault.error.code === UNSUPPORTED_PROTOCOL_VERSION;
    return !traitsOf(session.generation).sessions && fault.kind === "http" && fault.status === 400;
  }

  readonly #explain = (error: unknown): never => {
    throw explained(error, { endpoint: this.name, address: this.#connector.label });
  };

  async #remember(session: Session): Promise<void> {
    const refused = this.#pushRefusedAt > Number.NEGATIVE_INFINITY && { pushRefusedAt: this.#pushRefusedAt };
    this.#session = { ...session, ...refused };
    await this.#memory.save(this.#session);
  }
}

/** Whether the subscription that a message names was opened by a channel of ours, in whatever process. */
function isOwn({ params }: RpcRequest | RpcNotification): boolean {
  const meta = params?._meta;
  return isObject(meta) && isChannelId(meta[SUBSCRIPTION_ID]);
}

/** No connection came about, for now at least: what was to be sent on it never left. */
function unsent(error: unknown): never {
  const fault = faultOf(error);
  // It refused the address, or what was sent to it.
  if (isClientError(fault)) throw error;
  const method = error instanceof RequestFaultError ? error.method : "initialize";
  throw new RequestFaultError(method, { ...fault, unsent: true } as Fault, error);
}

/** The HTTP status that a request was answered with, where that was an error; else 0. */
function statusOf(error: unknown): number {
  return error instanceof RequestFaultError && "status" in error.fault ? (error.fault.status ?? 0) : 0;
}

/** "Session not found", "No valid session ID provided", "Server not initialized", and what else servers say after a restart. */
function speaksOfSession(error: unknown): boolean {
  if (!(error instanceof RequestFaultError)) return false;
  const { kind, message } = error.fault;
  const words = /session|(?:not|un|before) ?(?:yet |been )?initiali[sz]/i;
  return (kind === "http" || kind === "rpc") && words.test(message);
}

/** Waits no longer than until the signal is aborted, and throws its reason then. What is waited for goes on. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let stop!: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
  });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", stop));
}
