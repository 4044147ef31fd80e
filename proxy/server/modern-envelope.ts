import { abilitiesOf, type ClientAbilities } from "../../front/client-capabilities.ts";
import { invalidParams, RpcError } from "../../front/rpc-error.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { UNSUPPORTED_PROTOCOL_VERSION } from "../../src/protocol/json-rpc.ts";
import {
  CLIENT_CAPABILITIES,
  CLIENT_INFO,
  PROTOCOL_VERSION,
  SERVER_INFO,
} from "../../src/protocol/meta-keys.ts";
import { type ClientIdentity, TASKS_EXTENSION } from "../../src/protocol/session.ts";

export const MODERN_VERSION = "2026-07-28";
const LOG_LEVEL = "io.modelcontextprotocol/logLevel";
/** Results of these methods say for how long they may be kept (2026-07-28 changelog, `CacheableResult`). */
const CACHEABLE: ReadonlySet<string> = new Set([
  "server/discover",
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/templates/list",
]);

/** What each request of 2026-07-28 says of its sender. */
export interface Envelope {
  readonly clientInfo: ClientIdentity | undefined;
  readonly capabilities: JsonObject;
  readonly abilities: ClientAbilities;
  /** It declares the Tasks extension. */
  readonly tasks: boolean;
  /** It wants log messages while the request runs. */
  readonly logs: boolean;
}

/** Whether a request is of the generation that has no handshake. */
export function isModern(meta: JsonObject): boolean {
  return meta[PROTOCOL_VERSION] !== undefined;
}

/** Reads the envelope. Throws an RpcError for another version, and for one that lacks something. */
export function readEnvelope(meta: JsonObject): Envelope {
  if (meta[PROTOCOL_VERSION] !== MODERN_VERSION) {
    throw new RpcError({
      code: UNSUPPORTED_PROTOCOL_VERSION,
      message: "Unsupported protocol version",
      data: { supported: [MODERN_VERSION, "2025-11-25"], requested: String(meta[PROTOCOL_VERSION]) },
    });
  }
  const capabilities = meta[CLIENT_CAPABILITIES];
  if (!isObject(capabilities)) throw invalidParams(`_meta lacks ${CLIENT_CAPABILITIES}`);
  const info = meta[CLIENT_INFO];
  const { extensions } = capabilities;
  return {
    clientInfo:
      isObject(info) && typeof info.name === "string" ? (info as unknown as ClientIdentity) : undefined,
    capabilities,
    abilities: abilitiesOf(capabilities),
    tasks: isObject(extensions) && isObject(extensions[TASKS_EXTENSION]),
    logs: meta[LOG_LEVEL] !== undefined,
  };
}

/** `_meta` for the server: without the fields that are between the agent and Holdfast. */
export function forServer(meta: JsonObject, modern: boolean): JsonObject {
  const {
    [PROTOCOL_VERSION]: _version,
    [CLIENT_CAPABILITIES]: _capabilities,
    [CLIENT_INFO]: _client,
    ...rest
  } = meta;
  const { [LOG_LEVEL]: _level, ...legacy } = rest;
  return modern ? rest : legacy;
}

/** A result as 2026-07-28 has it. */
export function modernResult(method: string, result: object, serverInfo: JsonObject | undefined): object {
  const { _meta, ...fields } = result as { readonly _meta?: JsonObject };
  return {
    resultType: "complete",
    ...(CACHEABLE.has(method) && { ttlMs: 0, cacheScope: "private" }),
    ...fields,
    _meta: { ..._meta, ...(serverInfo && { [SERVER_INFO]: serverInfo }) },
  };
}
