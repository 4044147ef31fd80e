import { isGeneration, protocolOf } from "../protocol/registry.ts";
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

/** Takes the failure of a request, with what it was sent with, and returns or throws what the caller gets in its place. */
export type Failed = (
  error: unknown,
  connection: Connection,
  session: Session,
  frame: Frame,
  options: RequestOptions,
) => unknown;

/**
 * The connection to a server: made when first needed, with the remembered session if there is one, and made anew when the
 * server has forgotten that. One that was replaced stays open until its last request has its reply.
 */
export interface Connections {
  /** The connection, while there is one. */
  current(): Connection | undefined;
  /** Connects if need be. Rejects with a RequestFailedError, or with the reason of {@link close}. */
  connected(): Promise<Connection>;
  /** The replaced connection of a session, while it is open. */
  replaced(sessionId: string): Connection | undefined;
  /** Sends a request on a connection. */
  request(connection: Connection, frame: Frame, options: RequestOptions, failed?: Failed): Promise<unknown>;
  /** Several requests may find the session forgotten at once: the first one makes it anew. */
  renew(lost: Connection): Promise<void>;
  /** Closes the connections at once, and ends a handshake under way. Later requests reject with `reason`. */
  close(reason?: unknown): Promise<void>;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { connector, agreed, timeoutMs, person } = options;
  const closer = new AbortController();
  const closing = closer.signal;
  let connecting: Promise<Connection> | undefined;
  let current: Connection | undefined;
  /** How many requests are in flight on a connection. */
  const inFlight = new WeakMap<Connection, number>();
  /** Connections with a session the server forgot, and requests in flight. */
  const replaced = new Set<Connection>();

  /** Connects with the session in memory, unless that is the one just found lost. */
  function connect(lost?: Session): Promise<Connection> {
    current = undefined;
    const forget = (): void => {
      if (connecting !== attempt) return;
      connecting = undefined;
      current = undefined;
    };
    const attempt = options
      .exclusively(() => handshake(lost, forget))
      .catch((error: unknown) => {
        closing.throwIfAborted();
        return unsent(error);
      })
      .catch(options.explain);
    connecting = attempt;
    attempt.then((connection) => {
      if (connecting !== attempt) return;
      current = connection;
      options.connected();
    }, forget);
    return attempt;
  }

  async function handshake(lost: Session | undefined, closed: () => void): Promise<Connection> {
    const remembered = await agreed.remembered();
    const known = lost && remembered?.sessionId === lost.sessionId ? undefined : remembered;
    closing.throwIfAborted();
    let connection: Connection | undefined;
    const inbound: ConnectionEvents["inbound"] = (message, origin) => {
      const { sessionId } = connection?.session ?? {};
      return options.inbound(message, { ...origin, ...(sessionId !== undefined && { sessionId }) });
    };
    const pushRefused = (): void => void agreed.pushRefused().catch(() => undefined);
    const events = { inbound, closed, pushRefused, person, closing, protocolOf };
    connection = await connector.connect(events, known, { ...(timeoutMs !== undefined && { timeoutMs }) });
    const { session } = connection;
    if (closing.aborted || !isGeneration(session.generation)) await connection.close();
    // Throws where the client has no part for what the server speaks.
    protocolOf(session.generation);
    if (session === known) agreed.resume(session);
    else {
      const before = agreed.current();
      const tools = before?.generation === session.generation && before.tools;
      await agreed.remember({ ...session, ...(tools && { tools }) });
    }
    return connection;
  }

  function count(connection: Connection, change: 0 | 1 | -1): number {
    const requests = (inFlight.get(connection) ?? 0) + change;
    inFlight.set(connection, requests);
    return requests;
  }

  /** A request has its reply or failure. Returns a promise where that is not all, which is rare. */
  function ended(connection: Connection): Promise<void> | undefined {
    const isLast = count(connection, -1) === 0;
    const { sessionId } = connection.session;
    const known = agreed.current();
    // A server may replace the session's id in any reply; the next page must know.
    if (known && sessionId !== known.sessionId && connection === current)
      return agreed.remember({ ...known, ...(sessionId !== undefined && { sessionId }) });
    if (!isLast || !replaced.has(connection)) return undefined;
    replaced.delete(connection);
    return connection.close();
  }

  return {
    current: () => current,
    async connected() {
      closing.throwIfAborted();
      return connecting ?? connect();
    },
    replaced: (sessionId) => [...replaced].find(({ session }) => session.sessionId === sessionId),
    request(connection, frame, limits, failed = rethrow) {
      const { session } = connection;
      count(connection, 1);
      let reply: Promise<unknown>;
      try {
        reply = connection.request(frame, limits);
      } catch (error) {
        reply = Promise.reject(error);
      }
      // One promise, where async functions would make several: each poll comes by here.
      return reply.then(
        (result) => ended(connection)?.then(() => result) ?? result,
        async (error: unknown) => {
          await ended(connection);
          return failed(error, connection, session, frame, limits);
        },
      );
    },
    async renew(lost) {
      const attempt = connecting;
      const latest = await attempt?.catch(() => undefined);
      if (latest !== lost || connecting !== attempt) return;
      const renewed = connect(lost.session);
      if (count(lost, 0) > 0) replaced.add(lost);
      else await lost.close();
      await renewed;
    },
    async close(reason) {
      closer.abort(reason);
      const open = [current, ...replaced];
      current = undefined;
      await Promise.all(open.map((connection) => connection?.close()));
    },
  };
}

function rethrow(error: unknown): never {
  throw error;
}
