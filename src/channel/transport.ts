/** The part of an SDK `Transport` the channel uses; both majors fit it. */
export interface Transport {
  start(): Promise<void>;
  close(): Promise<void>;
  send(message: never, options?: never): Promise<void>;
  onmessage?: ((message: never, extra?: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  sessionId?: string | undefined;
  /** Opens the GET stream; an empty id asks for no replay. */
  resumeStream?:
    | ((lastEventId: string, options?: { onresumptiontoken?: (id: string) => void }) => Promise<void>)
    | undefined;
  setProtocolVersion?: ((version: string) => void) | undefined;
}

/** Options that the v2 transport honours; the v1 transport ignores them. */
export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends this request's response stream: how 2026-07-28 cancels over HTTP. */
  readonly requestSignal?: AbortSignal;
  /** Called when the response stream ended and brought no response. */
  readonly onRequestStreamEnd?: () => void;
  /**
   * Takes what arrives on this request's own response stream; what it declines goes to the transport's `onmessage`.
   * Only Streamable HTTP has such streams: other transports never call it.
   */
  readonly take?: (message: unknown) => boolean;
}

/** Sends a frame on a transport of either major. */
export function sendOn(
  transport: Transport,
  message: object,
  { take, ...options }: SendOptions = {},
): Promise<void> {
  return (transport.send as (message: object, options?: SendOptions) => Promise<void>).call(
    take && isStreamableHttp(transport) ? viewOf(transport, take) : transport,
    message,
    options,
  );
}

/**
 * Whether this is the Streamable HTTP transport of an SDK itself. A subclass or a wrapper may have private fields,
 * which a view cannot reach.
 */
function isStreamableHttp(transport: Transport): boolean {
  return (
    Object.hasOwn(transport, "_reconnectionOptions") &&
    Object.hasOwn(Object.getPrototypeOf(transport), "terminateSession")
  );
}

/**
 * The transport with an `onmessage` of its own. Both majors read a response stream, also one they resume, with the
 * object that `send` was called on, so that the messages of one request arrive at the view it was sent on.
 */
function viewOf(transport: Transport, take: (message: unknown) => boolean): Transport {
  const onmessage = (message: never, extra?: never): void => {
    if (!take(message)) transport.onmessage?.(message, extra);
  };
  return new Proxy(transport, {
    get: (target, property) => (property === "onmessage" ? onmessage : Reflect.get(target, property)),
  });
}

/** Takes the messages that arrive on a transport; those `take` declines go where they went before. */
export function tapMessages(transport: Transport, take: (message: unknown) => boolean): () => void {
  const before = transport.onmessage as ((message: unknown, extra?: unknown) => void) | undefined;
  const tapped = (message: unknown, extra?: unknown): void => {
    if (!take(message)) before?.call(transport, message, extra);
  };
  transport.onmessage = tapped as NonNullable<Transport["onmessage"]>;
  return () => {
    // Another tap may sit on ours by now; then ours just lets everything through.
    take = () => false;
    if (transport.onmessage === tapped) transport.onmessage = before as Transport["onmessage"];
  };
}

/** Hears the transport close, and still tells whoever listened before. */
export function tapClose(transport: Transport, closed: () => void): void {
  const before = transport.onclose;
  transport.onclose = () => {
    try {
      before?.call(transport);
    } finally {
      closed();
    }
  };
}
