import type { JsonObject } from "./json.ts";
import type { Generation } from "./registry.ts";
import type { ToolFacts } from "./tool-facts.ts";

/** Who the client says it is (`Implementation`). */
export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

/**
 * What a connection agreed on. It is stored with the endpoint, so that a later page
 * speaks to the server without a handshake.
 */
export interface Session {
  readonly generation: Generation;
  readonly protocolVersion: string;
  /** 2025-11-25, Streamable HTTP: the server's `mcp-session-id`, if it gave one. */
  readonly sessionId?: string;
  readonly serverCapabilities: JsonObject;
  readonly serverInfo?: JsonObject;
  /** What a model should know about the server, in the server's words (`instructions`), cut at 16,384 UTF-16 code units. */
  readonly instructions?: string;
  /** The address it was agreed with: a session is never carried to another. */
  readonly address?: string;
  /** When the server last refused to push, in ms since 1970: later pages need not ask it again for a while. */
  readonly pushRefusedAt?: number;
  /** What `tools/list` said that a call must know, by tool name. */
  readonly tools?: { readonly [name: string]: ToolFacts };
}

export { RELATED_TASK, SUBSCRIPTION_ID, TASKS_EXTENSION } from "./meta-keys.ts";
