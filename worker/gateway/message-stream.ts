import { eventStream } from "../http/event-stream.ts";

/**
 * The heartbeat of a stream where it matters that a client has hung up, in ms: the worker notices it no sooner than when
 * the second write fails.
 */
export const ATTENTIVE_MS = 300;

/** How much a client may leave unread when more is sent, in characters: then it does not read, and the stream ends. */
const MOST_UNREAD = 1024 * 1024;

/** Writes JSON-RPC messages down a response. */
export interface MessageStream {
  /** Aborted when the client has hung up or does not read, or the stream's time is over. */
  readonly signal: AbortSignal;
  send(message: object): void;
}

export interface MessageStreamOptions {
  readonly keepAliveMs?: number;
  /** The longest it lives, in ms, where it is not for one reply. */
  readonly lifeMs?: number;
}

/**
 * A response on which messages are sent while `work` goes on. It ends with the work; should the client hang up first, or the
 * stream's time be over, the work's signal is aborted, and the work still comes to its own end.
 */
export function messageStream(
  waitUntil: (work: Promise<unknown>) => void,
  work: (stream: MessageStream) => Promise<void>,
  { keepAliveMs, lifeMs }: MessageStreamOptions = {},
): Response {
  return eventStream(
    ({ writeText, ended }) => {
      const send = (text: string): void => void writeText(text).catch(() => undefined);
      // It sends the headers: the client sees that the server is there.
      send(": open\n\n");
      const done = work({
        signal: ended,
        send: (message) => send(`event: message\ndata: ${JSON.stringify(message)}\n\n`),
      });
      waitUntil(done.catch(() => undefined));
      return done;
    },
    {
      mostUnread: MOST_UNREAD,
      ...(keepAliveMs !== undefined && { heartbeatMs: keepAliveMs }),
      ...(lifeMs !== undefined && { lifeMs }),
    },
  );
}
