import type { Fault } from "../engine/fault.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import {
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../protocol/json-rpc.ts";
import type { ClientIdentity, Session } from "../protocol/session.ts";
import { envelope } from "./connection.ts";
import { RequestFaultError } from "./request-fault.ts";
import type { RpcChannel } from "./rpc-channel.ts";

/** Modern versions we speak, newest first. */
const MODERN: readonly string[] = ["2026-07-28"];
/** Handshake versions we speak, newest first; Tasks exist in the first only. */
const LEGACY: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/** Which era to speak: `auto` asks the server first (versioning, "Backward Compatibility"). */
export type Era = "auto" | "2026-07-28" | "2025-11-25";

/** Agrees on a version with a server nothing is known of. Throws a RequestFaultError. */
export async function agree(
  channel: RpcChannel,
  era: Era,
  identity: ClientIdentity,
  capabilities: JsonObject,
  timeoutMs: number | undefined,
): Promise<Session> {
  if (era !== "2025-11-25") {
    const modern = await discover(channel, era, identity, capabilities, timeoutMs);
    if (modern) return modern;
  }
  return initialize(channel, identity, capabilities, timeoutMs);
}

async function discover(
  channel: RpcChannel,
  era: Era,
  identity: ClientIdentity,
  capabilities: JsonObject,
  timeoutMs: number | undefined,
): Promise<Session | undefined> {
  const version = MODERN[0] as string;
  const ask = (spoken: string): Promise<unknown> => {
    const params = { _meta: envelope(spoken, identity, capabilities) };
    return channel.request({ method: "server/discover", params }, withTimeout(timeoutMs));
  };
  let result: unknown;
  try {
    result = await ask(version).catch((error: unknown) => {
      const offered = offeredModern(error);
      if (offered === undefined) throw error;
      return ask(offered);
    });
  } catch (error) {
    if (!(error instanceof RequestFaultError) || era !== "auto" || !meansLegacy(error.fault)) throw error;
    return undefined;
  }
  const supported =
    isObject(result) && Array.isArray(result.supportedVersions) ? result.supportedVersions : [];
  const agreed = MODERN.find((candidate) => supported.includes(candidate));
  if (!isObject(result) || agreed === undefined) {
    if (era === "auto") return undefined;
    throw new RequestFaultError("server/discover", {
      kind: "malformed",
      message: `The server does not offer protocol version ${version}`,
    });
  }
  const meta = isObject(result._meta) ? result._meta : {};
  const serverInfo = meta["io.modelcontextprotocol/serverInfo"];
  return {
    generation: "2026-07-28",
    protocolVersion: agreed,
    serverCapabilities: isObject(result.capabilities) ? result.capabilities : {},
    ...(isObject(serverInfo) && { serverInfo }),
  };
}

/**
 * Whether a refused probe says that the server knows only the handshake. A network failure may be
 * a browser's CORS check on a header an older server does not allow, so it counts too: if the
 * server is really away, the handshake fails as well, and says so.
 */
function meansLegacy(fault: Fault): boolean {
  switch (fault.kind) {
    case "rpc":
      // These two only a modern server has (streamable-http, "Backward Compatibility").
      if ([HEADER_MISMATCH, MISSING_CLIENT_CAPABILITY].includes(fault.error.code)) return false;
      if (fault.error.code !== UNSUPPORTED_PROTOCOL_VERSION) return true;
      return offers(fault.error.data).some((version) => LEGACY.includes(version));
    case "http":
      return fault.status < 500 && fault.status !== 403 && fault.status !== 429;
    case "malformed":
    case "network":
      return true;
    case "timeout":
    case "unauthorized":
    case "oversized":
      return false;
  }
}

/**
 * The modern version of ours that a server named when it refused the one it was asked in: it is
 * asked once more in that one (versioning, "Protocol Version Negotiation").
 */
function offeredModern(error: unknown): string | undefined {
  if (!(error instanceof RequestFaultError) || error.fault.kind !== "rpc") return undefined;
  const { code, data } = error.fault.error;
  if (code !== UNSUPPORTED_PROTOCOL_VERSION) return undefined;
  const offered = offers(data);
  return MODERN.find((candidate) => offered.includes(candidate));
}

function offers(data: unknown): string[] {
  const supported = isObject(data) && Array.isArray(data.supported) ? data.supported : [];
  return supported.filter((version): version is string => typeof version === "string");
}

async function initialize(
  channel: RpcChannel,
  identity: ClientIdentity,
  capabilities: JsonObject,
  timeoutMs: number | undefined,
): Promise<Session> {
  const params = { protocolVersion: LEGACY[0], capabilities, clientInfo: identity };
  const result = await channel.request({ method: "initialize", params }, withTimeout(timeoutMs));
  const protocolVersion = isObject(result) ? result.protocolVersion : undefined;
  if (!isObject(result) || typeof protocolVersion !== "string" || !LEGACY.includes(protocolVersion)) {
    throw new RequestFaultError("initialize", {
      kind: "malformed",
      message: `The server speaks protocol version ${JSON.stringify(protocolVersion)}, which is none of ours`,
    });
  }
  channel.transport.setProtocolVersion?.(protocolVersion);
  await channel.notify("notifications/initialized");
  const { sessionId } = channel.transport;
  return {
    generation: "2025-11-25",
    protocolVersion,
    serverCapabilities: isObject(result.capabilities) ? result.capabilities : {},
    ...(isObject(result.serverInfo) && { serverInfo: result.serverInfo }),
    ...(sessionId !== undefined && { sessionId }),
  };
}

function withTimeout(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
