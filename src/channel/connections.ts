import { protocolOf } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import type { AgreedSession } from "./agreed-session.ts";
import type { Connection, ConnectionEvents, Connector } from "./connection.ts";
import { unsent } from "./lost-session.ts";
import type { RequestOptions } from "./rpc-channel.ts";

export interface ConnectionsOptions extends Pick<ConnectionEvents, "inbound" | "person"> {
  readonly connector: Connector;
  readonly agreed: AgreedSession;
  /** How long a request may take that has no timeout of its own, in ms. */
  readonly timeoutMs: number | undefined;
  /** Runs the work while no other tab connects to this server. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** A connection was made. */
  readonly connected: () => void;
  /** Throws the error with what it lacks. */
  readonly explain: (error: unknown) => never;
}

/**
 * The connection to a server: made when first needed, with the remembered session if there is one, and made anew when the
 * server has forgotten that. One that was replaced stays open until its last request has its reply.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #closing: AbortController = new AbortController();
  #connecting: Promise<Connection> | undefined;
  #current: Connection | undefined;
  /** How many requests are in flight on a connection. */
  readonly #inFlight: WeakMap<Connection, number> = new WeakMap();
  /** Connections with a session the server forgot, and requests in flight. */
  readonly #replaced: Set<Connection> = new Set();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** The connection, while there is one. */
  get current(): Connection | undefined {
    return this.#current;
  }

  /** Connects if need be. Rejects with a RequestFailedError, or with the reason of {@link close}. */
  async connected(): Promise<Connection> {
    this.#closing.signal.throwIfAborted();
    return this.#connecting ?? this.#connect(undefined);
  }

  /** The replaced connection of a session, while it is open. */
  replaced(sessionId: string): Connection | undefined {
    return [...this.#replaced].find(({ session }) => session.sessionId === sessionId);
  }

  /** Sends a request on a connection. */
  async request(connection: Connection, frame: Frame, options?: RequestOptions): Promise<unknown> {
    const { agreed } = this.#options;
    const count = (change: number): number => {
      const left = (this.#inFlight.get(connection) ?? 0) + change;
      this.#inFlight.set(connection, left);
      return left;
    };
    count(1);
    try {
      return await connection.request(frame, options);
    } finally {
      // A server may replace the session's id in any reply; the next page must know.
      const { sessionId } = connection.session;
      const known = agreed.current;
      if (known && sessionId !== known.sessionId && !this.#replaced.has(connection))
        await agreed.remember({ ...known, ...(sessionId !== undefined && { sessionId }) });
      if (count(-1) === 0 && this.#replaced.delete(connection)) await connection.close();
    }
  }

  /** Several requests may find the session forgotten at once: the first one makes it anew. */
  async renew(lost: Connection): Promise<void> {
    const connecting = this.#connecting;
    const current = await connecting?.catch(() => undefined);
    if (current !== lost || this.#connecting !== connecting) return;
    const renewed = this.#connect(lost.session);
    if (this.#inFlight.get(lost)) this.#replaced.add(lost);
    else await lost.close();
    await renewed;
  }

  /** Closes the connections at once, and ends a handshake under way. Later requests reject with `reason`. */
  async close(reason: unknown): Promise<void> {
    this.#closing.abort(reason);
    await Promise.all([this.#current, ...this.#replaced].map((connection) => connection?.close()));
  }

  /** Connects with the session in memory, unless that is the one just found lost. */
  #connect(lost: Session | undefined): Promise<Connection> {
    const { exclusively, connected, explain } = this.#options;
    const closing = this.#closing.signal;
    this.#current = undefined;
    const forget = (): void => {
      if (this.#connecting !== connecting) return;
      this.#connecting = undefined;
      this.#current = undefined;
    };
    const connecting = exclusively(() => this.#handshake(lost, forget))
      .catch((error: unknown) => {
        closing.throwIfAborted();
        return unsent(error);
      })
      .catch(explain);
    this.#connecting = connecting;
    connecting.then((connection) => {
      if (this.#connecting !== connecting) return;
      this.#current = connection;
      connected();
    }, forget);
    return connecting;
  }

  async #handshake(lost: Session | undefined, closed: () => void): Promise<Connection> {
    const { connector, agreed, timeoutMs, inbound: take, person } = this.#options;
    const closing = this.#closing.signal;
    const remembered = await agreed.remembered();
    const known = lost && remembered?.sessionId === lost.sessionId ? undefined : remembered;
    closing.throwIfAborted();
    let connection: Connection | undefined;
    const inbound: ConnectionEvents["inbound"] = (message, origin) => {
      const { sessionId } = connection?.session ?? {};
      return take(message, { ...origin, ...(sessionId !== undefined && { sessionId }) });
    };
    const pushRefused = (): void => void agreed.pushRefused().catch(() => undefined);
    const events = { inbound, closed, pushRefused, person, closing, protocolOf };
    connection = await connector.connect(events, known, { ...(timeoutMs !== undefined && { timeoutMs }) });
    const { session } = connection;
    if (session === known) agreed.resume(session);
    else {
      const tools = agreed.current?.generation === session.generation && agreed.current.tools;
      await agreed.remember({ ...session, ...(tools && { tools }) });
    }
    if (closing.aborted) await connection.close();
    return connection;
  }
}
