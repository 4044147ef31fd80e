import { type Clock, systemClock } from "../clock.ts";
import type { ToolDescription } from "../engine/queue.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import { isObject, own } from "../protocol/json.ts";
import type { RequestId, RpcNotification, RpcReply, RpcRequest } from "../protocol/json-rpc.ts";
import type { Generation } from "../protocol/registry.ts";
import { type Session, SUBSCRIPTION_ID } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { type ListedTool, readToolPage } from "../protocol/tool-facts.ts";
import { AgreedSession, type SessionMemory } from "./agreed-session.ts";
import type { Connection, ConnectionEvents, Connector } from "./connection.ts";
import { Connections } from "./connections.ts";
import { explained } from "./failure-text.ts";
import { isForgotten, isOutgrown } from "./lost-session.ts";
import { type Page, readPages } from "./pages.ts";
import { isChannelId, type RequestOptions } from "./rpc-channel.ts";

/**
 * One server under one authorization. Connects when first needed, with the remembered session if
 * there is one; a session the server has forgotten is made anew once, and the request repeated.
 */
export class Endpoint {
  readonly name: string;
  /** Nobody else speaks on its transport: what the server asks there, it asks us. */
  readonly hasOwnTransport: boolean;
  readonly #connections: Connections;
  readonly #agreed: AgreedSession;
  readonly #explain: (error: unknown) => never;
  /** Called with the reason when a list was not read to its end. */
  readonly #listCut: (why: string) => void;
  /** Over all endpoints: they may share a provider of tokens. */
  static #startedByPersons = 0;
  #lastStarted = 0;
  #waitingPersons = 0;
  /** How many calls and tasks want the server to push. */
  #listeners = 0;
  #listening: Connection | undefined;
  #listingTools: Promise<readonly ListedTool[]> | undefined;

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
    this.hasOwnTransport = connector.renewable;
    this.#listCut = listCut;
    this.#explain = (error) => {
      throw explained(error, { endpoint: name, address: connector.label });
    };
    const agreed = new AgreedSession(memory, connector.address, clock);
    this.#agreed = agreed;
    this.#connections = new Connections({
      connector,
      agreed,
      timeoutMs,
      exclusively: (work) => memory.exclusively(work),
      connected: () => this.#openServerStream(),
      person: () => (this.#waitingPersons > 0 ? this.#lastStarted : 0),
      explain: this.#explain,
      inbound: (message, origin) => {
        // What is known of the tools is asked again at the next call.
        if (message.method === "notifications/tools/list_changed") this.forgetTools().catch(() => undefined);
        // Subscriptions of others on the same transport are acknowledged to them.
        if (message.method === "notifications/subscriptions/acknowledged" && !isOwn(message)) return false;
        return inbound(message, origin);
      },
    });
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

  /** What was agreed with the server; connects if need be. Throws a RequestFailedError, or the signal's reason. */
  async session(signal?: AbortSignal): Promise<Session> {
    await this.#connected(signal);
    return this.#agreed.current as Session;
  }

  /** What is remembered of the session, without connecting. */
  async rememberedSession(): Promise<Session | undefined> {
    return this.#agreed.current ?? this.#agreed.remembered();
  }

  /**
   * Sends a request and returns its result. Throws a RequestFailedError, or the signal's reason.
   * @param of The generation of the task it is about. It never leaves while the server speaks another one.
   */
  request(frame: Frame, options?: RequestOptions, of?: Generation): Promise<unknown> {
    return this.#request(frame, options, of).catch((error: unknown) => {
      options?.signal?.throwIfAborted();
      return this.#explain(error);
    });
  }

  async #request(frame: Frame, options: RequestOptions = {}, of?: Generation): Promise<unknown> {
    const { method } = frame;
    const unsent = (message: string, cause?: unknown): RequestFailedError =>
      new RequestFailedError(method, { kind: "network", message, unsent: true }, cause);
    const connection = await this.#connected(options.signal);
    const { session } = connection;
    const { generation } = session;
    // The server may go back to the one in which it has the task.
    if (of && of !== generation)
      throw unsent(`The task is of ${of}, and its server now speaks ${generation}`);
    try {
      return await this.#connections.request(connection, frame, options);
    } catch (error) {
      if (!this.hasOwnTransport) throw error;
      const ping = (): Promise<unknown> =>
        this.#connections.request(
          connection,
          { method: "ping", params: {} },
          { ...(options.signal && { signal: options.signal }) },
        );
      const forgotten = await isForgotten(error, connection.session, ping);
      if (!forgotten && !isOutgrown(error, session, method)) throw error;
      await this.#connections.renew(connection);
      const renewed = await this.#connected(options.signal);
      const same = forgotten && renewed.session.generation === generation;
      // In the other generation a call is another one. Tools are listed alike in both.
      if (!same && method !== "tools/list") throw error;
      if (options.mayRepeat?.() === false)
        throw unsent("The session was renewed, and the server wants the request later", error);
      return this.#connections.request(renewed, frame, options);
    }
  }

  get refusesPush(): boolean {
    return this.#agreed.refusesPush;
  }

  pushRefused(): Promise<void> {
    return this.#agreed.pushRefused();
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
    const connection = this.#connections.current;
    if (this.#listeners === 0 || !connection || this.#listening === connection || this.refusesPush) return;
    this.#listening = connection;
    // Nothing depends on it: the polls go on.
    connection.listen?.().catch(() => undefined);
  }

  /**
   * Answers a request of the server. Throws a RequestFailedError, or the signal's reason.
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
    const current = await this.#connected(signal);
    const asked = sessionId === undefined || sessionId === current.session.sessionId;
    const connection = asked ? current : this.#connections.replaced(sessionId);
    const sent =
      "result" in reply
        ? connection?.respond(id, reply.result)
        : connection?.refuse(id, reply.error.code, reply.error.message);
    await sent?.catch(this.#explain);
    return connection !== undefined;
  }

  /**
   * Connects, and asks what `tools/list` says of a tool. Throws a RequestFailedError, or the signal's reason.
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
      // A server may have tools and not list them: the call itself shows it.
      const { failure } = error instanceof RequestFailedError ? error : {};
      if (failure?.kind === "rpc" && !failure.unsent) return [];
      throw error;
    });
    const facts = listed.find((tool) => tool.name === name)?.facts;
    return { session: await this.session(signal), facts, cached: false };
  }

  /** The same without a request: `undefined` unless the endpoint is connected and the tool was listed. */
  described(name: string): ToolDescription | undefined {
    const session = this.#connections.current && this.#agreed.current;
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

  /** All pages of `tools/list`. Throws a RequestFailedError, or the signal's reason. */
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
    await this.#agreed.remember({ ...(await this.session()), tools: facts });
    return tools;
  }

  /** The server changed its tools, or refused a call made by what was known of them. */
  async forgetTools(): Promise<void> {
    this.#listingTools = undefined;
    if (!this.#agreed.current?.tools) return;
    const { tools: _stale, ...session } = this.#agreed.current;
    await this.#agreed.remember(session);
  }

  /** Closes the connections at once, and ends a handshake under way. Later requests reject with `reason`. */
  close(reason?: unknown): Promise<void> {
    return this.#connections.close(reason);
  }

  #connected(signal: AbortSignal | undefined): Promise<Connection> {
    return unlessAborted(this.#connections.connected(), signal);
  }
}

/** Whether the subscription that a message names was opened by a channel of ours, in whatever process. */
function isOwn({ params }: RpcRequest | RpcNotification): boolean {
  const meta = params?._meta;
  return isObject(meta) && isChannelId(meta[SUBSCRIPTION_ID]);
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
