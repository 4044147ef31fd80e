import { type Clock, systemClock } from "../clock.ts";
import type { ToolDescription } from "../engine/queue.ts";
import { located, RequestFailedError, type RequestTarget } from "../engine/request-failed.ts";
import { isObject, own } from "../protocol/json.ts";
import type { RequestId, RpcNotification, RpcReply, RpcRequest } from "../protocol/json-rpc.ts";
import type { ListReading, Page } from "../protocol/pages.ts";
import { type Generation, protocolOf } from "../protocol/registry.ts";
import { type Session, SUBSCRIPTION_ID } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { type ListedTool, readToolPage, type ToolFacts } from "../protocol/tool-facts.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { createAgreedSession, type SessionMemory } from "./agreed-session.ts";
import type { Connection, ConnectionEvents, Connector } from "./connection.ts";
import { createConnections, type Failed } from "./connections.ts";
import { isForgotten, isOutgrown } from "./lost-session.ts";
import { readPages } from "./pages.ts";
import { isChannelId, type RequestOptions } from "./rpc-channel.ts";

/**
 * One server under one authorization. Connects when first needed, with the remembered session if
 * there is one; a session the server has forgotten is made anew once, and the request repeated.
 */
export interface Endpoint {
  readonly name: string;
  /** The key of `_meta` under which the server takes idempotency keys. */
  readonly idempotencyKey: string | undefined;
  /** Nobody else speaks on its transport: what the server asks there, it asks us. */
  readonly hasOwnTransport: boolean;
  /** Runs what a person started: only its requests may ask that person to sign in. */
  forPerson<T>(work: () => Promise<T>): Promise<T>;
  /** What was agreed with the server; connects if need be. Throws a RequestFailedError, or the signal's reason. */
  session(signal?: AbortSignal): Promise<Session>;
  /** What is remembered of the session, without connecting. */
  rememberedSession(): Promise<Session | undefined>;
  /**
   * Sends a request and returns its result. Throws a RequestFailedError, or the signal's reason.
   * @param of The generation of the task it is about. It never leaves while the server speaks another one.
   */
  request(frame: Frame, options?: RequestOptions, of?: Generation): Promise<unknown>;
  readonly refusesPush: boolean;
  pushRefused(): Promise<void>;
  /**
   * Lets the server send of its own accord (2025-11-25) for as long as anybody who called this has not called the
   * function it returned. Does not connect: the stream opens with the next connection.
   */
  listen(): () => void;
  /**
   * Answers a request of the server. Throws a RequestFailedError, or the signal's reason.
   * @param sessionId The session in which the server asked, if it has sessions. In another one the id names another
   *   request of the server, or none.
   * @returns False when that session is over: then nothing is sent.
   */
  respond(
    id: RequestId,
    reply: RpcReply,
    sessionId: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /**
   * Connects, and asks what `tools/list` says of a tool. Throws a RequestFailedError, or the signal's reason.
   * @param anew The tools are listed even if what they said is known: it may be out of date, or the server out of reach.
   */
  describe(tool: string, anew: boolean, signal?: AbortSignal): Promise<ToolDescription>;
  /** The same without a request: `undefined` unless the endpoint is connected and the tool was listed. */
  described(tool: string): ToolDescription | undefined;
  /**
   * Reads all pages of a list, and reports one that was not read to its end. Rejects as `read` does.
   * @param keyOf What is listed twice under one key is one item.
   * @param reading How far an earlier attempt has read.
   */
  list<T>(
    method: string,
    read: (cursor: string | undefined) => Promise<Page<T>>,
    keyOf: (item: T) => string,
    reading?: ListReading<T>,
  ): Promise<readonly T[]>;
  /** All pages of `tools/list`. Throws a RequestFailedError, or the signal's reason. */
  listTools(options?: RequestOptions): Promise<readonly ListedTool[]>;
  /** Closes the connections at once, and ends a handshake under way. Later requests reject with `reason`. */
  close(reason?: unknown): Promise<void>;
  /** Ends the remembered session at the server, and forgets it. */
  endSession(): Promise<void>;
}

/** Over all endpoints: they may share a provider of tokens. */
let startedByPersons = 0;

/** @param listCut Called with the reason when a list was not read to its end. */
export function createEndpoint(
  name: string,
  connector: Connector,
  memory: SessionMemory,
  inbound: ConnectionEvents["inbound"],
  clock: Clock = systemClock,
  timeoutMs?: number,
  listCut: (why: string) => void = () => undefined,
  explained: (error: unknown, target: RequestTarget) => unknown = located,
): Endpoint {
  let lastStarted = 0;
  let waitingPersons = 0;
  /** How many calls and tasks want the server to push. */
  let listeners = 0;
  let listening: Connection | undefined;
  let listingTools: Promise<readonly ListedTool[]> | undefined;
  const explain = (error: unknown): never => {
    throw explained(error, { endpoint: name, address: connector.label });
  };
  const agreed = createAgreedSession(memory, connector.address, clock);
  const connections = createConnections({
    connector,
    agreed,
    timeoutMs,
    exclusively: (work) => memory.exclusively(work),
    connected: openServerStream,
    person: () => (waitingPersons > 0 ? lastStarted : 0),
    explain,
    inbound(message, origin) {
      // What is known of the tools is asked again at the next call.
      if (message.method === "notifications/tools/list_changed") forgetTools().catch(() => undefined);
      // Subscriptions of others on the same transport are acknowledged to them.
      if (message.method === "notifications/subscriptions/acknowledged" && !isOwn(message)) return false;
      return inbound(message, origin);
    },
  });
  const connected = (signal?: AbortSignal): Promise<Connection> =>
    unlessAborted(connections.connected(), signal);

  async function session(signal?: AbortSignal): Promise<Session> {
    await connected(signal);
    return agreed.current() as Session;
  }

  const request: Endpoint["request"] = (frame, options = {}, of) => {
    const connection = connections.current();
    // Connected, a poll need not watch its signal twice.
    if (connection) return send(connection, frame, options, of);
    if (options.onlyConnected)
      return Promise.reject(unsent(frame, "The connection was closed")).catch(explain);
    return connected(options.signal).then(
      (made) => send(made, frame, options, of),
      (error: unknown) => fail(options, error),
    );
  };

  function fail({ signal }: RequestOptions, error: unknown): never {
    signal?.throwIfAborted();
    return explain(error);
  }

  function send(
    connection: Connection,
    frame: Frame,
    options: RequestOptions,
    of: Generation | undefined,
  ): Promise<unknown> {
    const { generation } = connection.session;
    // The server may go back to the one in which it has the task.
    if (of && of !== generation && of !== connector.overlay?.generation) {
      const message = `The task is of ${of}, and its server now speaks ${generation}`;
      return Promise.reject(unsent(frame, message)).catch(explain);
    }
    return connections.request(connection, frame, options, again);
  }

  /** Sends the request once more where the server has forgotten the session, or changed its generation. */
  const again: Failed = async (error, connection, session, frame, options) => {
    const { method } = frame;
    const { signal } = options;
    try {
      // A response stream is the old session's: no other has it.
      if (options.resume) throw error;
      const forgotten = await forgets(connection, error, signal);
      if (!forgotten && !(connector.renewable && isOutgrown(error, session, method))) throw error;
      await connections.renew(connection);
      const renewed = await connected(signal);
      const same = forgotten && renewed.session.generation === session.generation;
      // In the other generation a call is another one. Tools are listed alike in both.
      if (!same && method !== "tools/list") throw error;
      if (options.mayRepeat?.() === false)
        throw unsent(frame, "The session was renewed, and the server wants the request later", error);
      return await connections.request(renewed, frame, options);
    } catch (failure) {
      return fail(options, failure);
    }
  };

  const forgets = async (connection: Connection, error: unknown, signal?: AbortSignal): Promise<boolean> =>
    connector.renewable &&
    isForgotten(error, connection.session, () =>
      connections.request(connection, { method: "ping", params: {} }, { ...(signal && { signal }) }),
    );

  function openServerStream(): void {
    const connection = connections.current();
    if (listeners === 0 || !connection || listening === connection || agreed.refusesPush()) return;
    listening = connection;
    // Nothing depends on it: the polls go on.
    connection.listen?.().catch(() => undefined);
  }

  const list: Endpoint["list"] = async (method, read, keyOf, reading) => {
    const { items, cut } = await readPages(method, read, keyOf, reading);
    if (cut !== undefined) listCut(cut);
    return items;
  };

  async function listTools(options?: RequestOptions): Promise<readonly ListedTool[]> {
    const method = "tools/list";
    const tools = await list(
      method,
      async (cursor) => {
        const params = cursor === undefined ? {} : { cursor };
        const page = await request({ method, params }, options);
        const { readHeaders } = protocolOf(agreed.current()?.generation);
        const { tools: items, ...rest } = readToolPage(page, readHeaders);
        return { items, ...rest };
      },
      (tool) => tool.name,
    );
    const facts = Object.fromEntries(tools.map((tool) => [tool.name, tool.facts]));
    await agreed.remember({ ...(await session()), tools: facts });
    return tools;
  }

  const descriptionOf = (
    tool: string,
    session: Session,
    facts: ToolFacts | undefined,
    cached: boolean,
  ): ToolDescription => ({
    session: connector.overlay?.sessionOf(tool, session) ?? session,
    facts,
    cached,
  });

  /** The server changed its tools, or refused a call made by what was known of them. */
  async function forgetTools(): Promise<void> {
    listingTools = undefined;
    const { tools, ...known } = agreed.current() ?? {};
    if (tools) await agreed.remember(known as Session);
  }

  return {
    name,
    idempotencyKey: connector.idempotencyKey,
    hasOwnTransport: connector.renewable,
    async forPerson(work) {
      lastStarted = ++startedByPersons;
      waitingPersons++;
      try {
        return await work();
      } finally {
        waitingPersons--;
      }
    },
    session,
    rememberedSession: async () => agreed.current() ?? agreed.remembered(),
    request,
    get refusesPush() {
      return agreed.refusesPush();
    },
    pushRefused: agreed.pushRefused,
    listen() {
      listeners++;
      openServerStream();
      let listens = true;
      return () => {
        if (!listens) return;
        listens = false;
        if (--listeners > 0) return;
        listening?.stopListening?.();
        listening = undefined;
      };
    },
    async respond(id, reply, sessionId, signal) {
      // Connecting takes its time, and somebody else may have taken the task over meanwhile.
      const current = await connected(signal);
      const asked = sessionId === undefined || sessionId === current.session.sessionId;
      const connection = asked ? current : connections.replaced(sessionId);
      if (!connection) return false;
      const sent =
        "result" in reply
          ? connection.respond(id, reply.result)
          : connection.refuse(id, reply.error.code, reply.error.message);
      try {
        await sent;
        return true;
      } catch (error) {
        if (!(await forgets(connection, error, signal))) return explain(error);
        await connections.renew(connection);
        return false;
      }
    },
    async describe(tool, anew, signal) {
      const before = await session(signal);
      const known = own(before.tools, tool);
      if (known && !anew) return descriptionOf(tool, before, known, true);
      // Calls made at once ask together.
      listingTools ??= listTools().finally(() => {
        listingTools = undefined;
      });
      const listed = await unlessAborted(listingTools, signal).catch((error: unknown) => {
        // A server may have tools and not list them: the call itself shows it.
        const { failure } = error instanceof RequestFailedError ? error : {};
        if (failure?.kind === "rpc" && !failure.unsent) return [];
        throw error;
      });
      const facts = listed.find(({ name }) => name === tool)?.facts;
      return descriptionOf(tool, await session(signal), facts, false);
    },
    described(tool) {
      const known = connections.current() && agreed.current();
      const facts = own(known?.tools, tool);
      return known && facts && descriptionOf(tool, known, facts, true);
    },
    list,
    listTools,
    close: connections.close,
    async endSession() {
      const known = agreed.current() ?? (await agreed.remembered());
      if (known?.sessionId === undefined || !connector.endSession) return;
      // A session without an address is never resumed.
      const { address: _its, ...ended } = known;
      await agreed.remember(ended);
      await connector.endSession(known);
    },
  };
}

function unsent({ method }: Frame, message: string, cause?: unknown): RequestFailedError {
  return new RequestFailedError(method, { kind: "network", message, unsent: true }, cause);
}

/** Whether the subscription that a message names was opened by a channel of ours, in whatever process. */
function isOwn({ params }: RpcRequest | RpcNotification): boolean {
  const meta = params?._meta;
  return isObject(meta) && isChannelId(meta[SUBSCRIPTION_ID]);
}
