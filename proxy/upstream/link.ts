import { type Connection, type ConnectionEvents, connectionOver } from "../../src/channel/connection.ts";
import { agree } from "../../src/channel/handshake.ts";
import { RpcChannel } from "../../src/channel/rpc-channel.ts";
import { type Transport, tapClose } from "../../src/channel/transport.ts";
import { everything } from "../../src/client/everything.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { isRequest, type RpcNotification, type RpcRequest } from "../../src/protocol/json-rpc.ts";
import { TASKS_EXTENSION } from "../../src/protocol/meta-keys.ts";
import { protocolOf, registerProtocols, traitsOf } from "../../src/protocol/registry.ts";
import type { Session } from "../../src/protocol/session.ts";
import type { Frame } from "../../src/protocol/task-protocol.ts";
import { type AgentHello, capabilitiesFor } from "./agent-hello.ts";

// This process may read records and speak to servers before it has a client.
registerProtocols(everything.protocols ?? {});

/** How long the handshake may take, in ms: `npx` may have to download a server first, or the user to sign in. */
const HANDSHAKE_MS = 300_000;
/** How long a server may leave the modern probe unanswered before it counts as one of the older generation, in ms. */
const PROBE_MS = 10_000;

/** How many messages of a server wait for the end of the handshake. Later ones are dropped. */
const MAX_EARLY = 100;

export type Inbound = (message: RpcRequest | RpcNotification, link: Link) => void;

/** One connection to a server, after its handshake. The agent's requests and the tasks' share it, as they would share a Client. */
export class Link {
  readonly channel: RpcChannel;
  readonly session: Session;
  readonly #local: boolean;
  readonly #hello: AgentHello;
  readonly #transport: Transport;
  readonly #tasks: Set<ConnectionEvents>;

  private constructor(
    parts: Pick<Link, "channel" | "session">,
    local: boolean,
    hello: AgentHello,
    transport: Transport,
    tasks: Set<ConnectionEvents>,
  ) {
    this.channel = parts.channel;
    this.session = parts.session;
    this.#local = local;
    this.#hello = hello;
    this.#transport = transport;
    this.#tasks = tasks;
  }

  /**
   * Starts the transport and agrees on a version, in the agent's generation if the server speaks it. Throws a
   * RequestFailedError.
   * @param inbound Gets the server's requests and notifications.
   */
  static async open(
    transport: Transport,
    local: boolean,
    hello: AgentHello,
    inbound: Inbound,
    closed: () => void,
  ): Promise<Link> {
    const tasks = new Set<ConnectionEvents>();
    let link: Link | undefined;
    const early: (RpcRequest | RpcNotification)[] = [];
    const channel = new RpcChannel(transport, (message) => {
      if (link) inbound(message, link);
      // A server may ping before the handshake is over, and wait for the answer (lifecycle, "Initialization").
      else if (isRequest(message) && message.method === "ping")
        channel.respond(message.id, {}).catch(() => undefined);
      else if (early.length < MAX_EARLY) early.push(message);
      return true;
    });
    transport.onmessage = ((message: unknown) => channel.receive(message)) as NonNullable<
      Transport["onmessage"]
    >;
    tapClose(transport, () => {
      channel.close();
      for (const { closed: notify } of [...tasks]) notify();
      closed();
    });
    await transport.start();
    try {
      const session = await agreed(channel, local, hello);
      link = new Link({ channel, session }, local, hello, transport, tasks);
      for (const message of early) inbound(message, link);
      return link;
    } catch (error) {
      await transport.close().catch(() => undefined);
      throw error;
    }
  }

  /** A connection for a TaskClient: it closes without closing the link. */
  connection(events: ConnectionEvents, decorated: (frame: Frame) => Frame): Connection {
    this.#tasks.add(events);
    const { channel, session } = this;
    const identity = this.#hello.clientInfo;
    const inner = connectionOver(
      protocolOf,
      channel,
      () => session,
      identity,
      this.#capabilities(true),
      async () => undefined,
    );
    return {
      session,
      request: (frame, options) => inner.request(decorated(frame), options),
      respond: (id, result) => inner.respond(id, result),
      refuse: (id, code, message) => inner.refuse(id, code, message),
      close: async () => void this.#tasks.delete(events),
    };
  }

  /** Offers a message of the server to the tasks. True when it is about one of them. */
  offer(message: RpcRequest | RpcNotification): boolean {
    return [...this.#tasks].some(({ inbound }) => inbound(message));
  }

  /** Whether the server holds a session (2025-11-25). A server without sessions receives everything in each request. */
  get sessions(): boolean {
    return traitsOf(this.session.generation).sessions === true;
  }

  /** Sends a request of the agent's. It has no time limit of its own. Throws a RequestFailedError. */
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<unknown> {
    const connection = connectionOver(
      protocolOf,
      this.channel,
      () => this.session,
      this.#hello.clientInfo,
      this.#capabilities(false),
      async () => undefined,
    );
    // Over HTTP the modern generation cancels by closing the request's stream (cancellation, "Transport-Specific Cancellation").
    const announceGivingUp = this.#local || this.sessions;
    const options = { timeoutMs: Number.POSITIVE_INFINITY, signal, announceGivingUp };
    return connection.request({ method, params }, options);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #capabilities(tasks: boolean): JsonObject {
    const capabilities = capabilitiesFor(this.#hello);
    const { extensions } = capabilities as { readonly extensions?: JsonObject };
    return tasks ? { ...capabilities, extensions: { ...extensions, [TASKS_EXTENSION]: {} } } : capabilities;
  }
}

async function agreed(channel: RpcChannel, local: boolean, hello: AgentHello): Promise<Session> {
  const { clientInfo } = hello;
  const common = { protocolOf, channel, identity: clientInfo, capabilities: capabilitiesFor(hello) };
  const long = { ...common, limit: { timeoutMs: HANDSHAKE_MS } };
  if (!traitsOf(hello.generation).sessions) {
    try {
      return await agree("auto", local ? { ...common, limit: { timeoutMs: PROBE_MS } } : long);
    } catch (error) {
      // A server that knows only the handshake may leave the probe unanswered.
      if (!(error instanceof RequestFailedError) || error.failure.kind !== "timeout") throw error;
      return agree("2025-11-25", long);
    }
  }
  try {
    return await agree("2025-11-25", long);
  } catch (error) {
    if (
      !(error instanceof RequestFailedError) ||
      !("status" in error.failure || error.failure.kind === "rpc")
    )
      throw error;
    // A server that speaks only the modern generation refuses the handshake (versioning, "Compatibility Matrix").
    return agree("2026-07-28", long).catch(() => {
      throw error;
    });
  }
}
