import type { RpcNotification, RpcRequest } from "./json-rpc.ts";

/** Where a message of the server came in. */
export interface Origin {
  /**
   * The record of the request on whose response stream it came; empty for a request about no record. Absent when it
   * came on another stream, or when the transport does not report it.
   */
  readonly about?: string;
  /** The MCP session it came in: the ids of the server's requests hold within it. */
  readonly sessionId?: string;
}

/** Whether a message was taken. A promise where only the reply to a call in flight shows it. */
export type Taken = boolean | Promise<boolean>;

/** Takes a message that is not a reply to a request of this client. Returns whether it was taken. */
export type InboundHandler = (message: RpcRequest | RpcNotification, origin?: Origin) => Taken;
