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
 * Responds with the reply as JSON if the work ends within `quickMs` and sends nothing before; otherwise on a stream. Most calls are
 * quick, and a stream costs several writes. A client that hangs up is noticed no later: a stream needs two heartbeats for that.
 * @param work Resolves with the reply. It must not reject.
 */
export async function replyOrStream(
  waitUntil: (work: Promise<unknown>) => void,
  work: (stream: MessageStream) => Promise<object>,
  { quickMs, ...options }: MessageStreamOptions & { readonly quickMs: number },
): Promise<Response> {
  const early: object[] = [];
  const ended = new AbortController();
  let stream: MessageStream | undefined;
  let open = (): void => undefined;
  const slow = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  const timer = setTimeout(open, quickMs);
  const send = (message: object): void => {
    if (stream) return stream.send(message);
    early.push(message);
    open();
  };
  const done = work({ send, signal: ended.signal });
  waitUntil(done);
  const reply = await Promise.race([done, slow]);
  clearTimeout(timer);
  if (reply && early.length === 0) return Response.json(reply);
  const follow = async (messages: MessageStream): Promise<void> => {
    stream = messages;
    messages.signal.addEventListener("abort", () => ended.abort(messages.signal.reason), { once: true });
    for (const message of early) messages.send(message);
    messages.send(await done);
  };
  return messageStream(waitUntil, follow, options);
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
