import type { ToolDescription } from "../engine/queue.ts";
import type { RequestId, RpcReply } from "../protocol/json-rpc.ts";
import type { ListReading, Page } from "../protocol/pages.ts";
import type { Generation } from "../protocol/registry.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { Frame } from "../protocol/task-protocol.ts";

/** What bounds a request, and what its sender wants to know of it. */
export interface AskOptions {
  /** In ms. Infinity for a stream that is to stay open. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Gives the request up, in place of the signal: the caller sets `aborted`, and abandons the request that is in flight. */
  readonly giveUp?: { readonly aborted: boolean; request: { abandon(): void } | undefined } | undefined;
  /** `notifications/progress` with this token restarts the timeout. */
  readonly progressToken?: string | undefined;
  /** After an abort, reject only once the server can know of it. */
  readonly rejectAfterAnnouncing?: boolean;
  /** Called when the request leaves: one that is given up before then did nothing. */
  readonly onSent?: () => void;
  /** Rejects as unsent rather than to connect first: the record says by now that the request may have been sent. */
  readonly onlyConnected?: boolean;
  /** Whether the request may be sent again in a renewed session. */
  readonly mayRepeat?: () => boolean;
  /** The id of the record the request is about. */
  readonly about?: string;
  /** Awaits the reply on the response stream of an earlier request. Nothing is sent. */
  readonly resume?: ResponseStream | undefined;
  /** Called when the response stream can be resumed from a new place. Who gives it resumes the stream after a failure. */
  readonly onStream?: ((stream: ResponseStream) => void) | undefined;
  /** Whether an abort leaves the request to a later process, so that the server is not notified. */
  readonly leavesRequest?: (() => boolean) | undefined;
}

/**
 * What the runtime asks of a server: the port that a channel fits. It connects when first needed. Every promise rejects with a
 * RequestFailedError, or with the signal's reason.
 */
export interface Server {
  readonly name: string;
  /** Nobody else uses the transport: what the server asks there, it asks us. */
  readonly hasOwnTransport: boolean;
  /** The server has lately said that it does not push. */
  readonly refusesPush: boolean;
  /** Connects, and returns what `tools/list` says of a tool. `anew`: lists the tools even if they are known. */
  describe(tool: string, anew: boolean, signal?: AbortSignal): Promise<ToolDescription>;
  /**
   * Sends a request and returns its result.
   * @param of The generation of the task it is about. The request fails while the server speaks another one.
   */
  request(frame: Frame, options?: AskOptions, of?: Generation): Promise<unknown>;
  /**
   * Reads the pages of a list that are left, each item once.
   * @param reading How far an earlier attempt has read. It moves on with each page.
   */
  list<T>(
    method: string,
    read: (cursor: string | undefined) => Promise<Page<T>>,
    keyOf: (item: T) => string,
    reading: ListReading<T>,
  ): Promise<readonly T[]>;
  /** Answers a request of the server. Resolves with false, and sends nothing, if the session it was asked in is over. */
  respond(
    id: RequestId,
    reply: RpcReply,
    sessionId: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** Lets the server send of its own accord until the function returned is called. Does not connect. */
  listen(): () => void;
  /** The server does not push: it is asked again only after a while. */
  pushRefused(): Promise<void>;
}
