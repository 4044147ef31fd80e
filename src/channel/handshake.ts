import { RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { cutText, MAX_INSTRUCTIONS } from "../protocol/bounds.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { MODERN_ERRORS, UNSUPPORTED_PROTOCOL_VERSION } from "../protocol/json-rpc.ts";
import { SERVER_INFO } from "../protocol/meta-keys.ts";
import type { Generation, ProtocolOf, ServerGeneration } from "../protocol/registry.ts";
import type { ClientIdentity, Session } from "../protocol/session.ts";
import { envelope } from "./connection.ts";
import { excerpt } from "./request-failed.ts";
import type { RpcChannel } from "./rpc-channel.ts";

/** What `auto` tries: first the one, then the other. */
const MODERN: Generation = "2026-07-28";
const LEGACY: Generation = "2025-11-25";
/** How long a server may think about the probe before the handshake is tried, in ms. Many older servers never answer it. */
const PROBE_TIMEOUT_MS = 5_000;

/** Which protocol to speak: `auto` asks the server first (versioning, "Backward Compatibility"). */
export type Era = "auto" | ServerGeneration;

/** With what a handshake is made. */
export interface Hello {
  readonly protocolOf: ProtocolOf;
  readonly channel: RpcChannel;
  readonly identity: ClientIdentity;
  readonly capabilities: JsonObject;
  /** How long each request may take, in ms; by default the channel's own timeout. */
  readonly limit: { readonly timeoutMs?: number | undefined };
}

/** Agrees on a version with a server nothing is known of. Throws a RequestFailedError. */
export async function agree(era: Era, hello: Hello): Promise<Session> {
  const { protocolOf } = hello;
  const greet = (generation: Generation, limit = hello.limit): Promise<Session> => {
    const handshake = protocolOf(generation).traits.sessions ? initialize : discover;
    return handshake(generation, { ...hello, limit });
  };
  if (era !== "auto") return greet(era);
  // A client of `holdfast/core` may have one protocol only.
  let legacy: readonly string[];
  try {
    legacy = protocolOf(LEGACY).versions;
  } catch {
    return greet(MODERN);
  }
  let probed: unknown;
  try {
    return await greet(MODERN, { timeoutMs: briefly(hello) });
  } catch (error) {
    if (error instanceof RequestFailedError && !mayBeLegacy(error.failure, legacy)) throw error;
    probed = error;
  }
  try {
    return await greet(LEGACY);
  } catch (error) {
    // A modern server whose answer to the probe was slow or got lost does not know the handshake.
    if (!isUnreached(probed) || isUnreached(error)) throw error;
    return greet(MODERN).catch((again: unknown) => Promise.reject(isUnreached(again) ? again : error));
  }
}

/** Whether the server said nothing that was read. */
function isUnreached(error: unknown): boolean {
  return error instanceof RequestFailedError && /^(?:network|timeout)$/.test(error.failure.kind);
}

async function discover(
  generation: Generation,
  { protocolOf, channel, identity, capabilities, limit }: Hello,
): Promise<Session> {
  const { versions } = protocolOf(generation);
  const ask = (spoken: string): Promise<unknown> => {
    const params = { _meta: envelope(spoken, identity, capabilities) };
    return channel.request({ method: "server/discover", params }, limit);
  };
  const result = await ask(versions[0]).catch((error: unknown) => {
    const offered = offeredOf(versions, error);
    if (offered === undefined) throw error;
    return ask(offered);
  });
  const supported = isObject(result) ? result.supportedVersions : undefined;
  const agreed = versions.find((candidate) => Array.isArray(supported) && supported.includes(candidate));
  if (!isObject(result) || agreed === undefined)
    throw new RequestFailedError("server/discover", otherVersions(supported, versions));
  const meta = isObject(result._meta) ? result._meta : {};
  const serverInfo = meta[SERVER_INFO];
  return {
    generation,
    protocolVersion: agreed,
    ...introductionOf(result, serverInfo),
  };
}

/**
 * Whether a failed probe leaves it open that the server knows only the handshake. Anything but a recognized modern error
 * does (versioning, "Backward Compatibility"): a proxy's 502, a firewall's 403, silence. A network failure may be a
 * browser's CORS check on a header an older server does not allow. If the server is really away, the handshake says so. A probe
 * that did not reach the server, as for want of a sign-in, leaves nothing open.
 */
function mayBeLegacy(failure: RequestFailure, legacy: readonly string[]): boolean {
  switch (failure.kind) {
    case "rpc": {
      const { code, data } = failure.error;
      if (code !== UNSUPPORTED_PROTOCOL_VERSION) return !MODERN_ERRORS.includes(code);
      return legacy.some((version) => offers(data).includes(version));
    }
    case "http":
      return failure.status !== 429 && failure.retryAfterMs === undefined;
    case "malformed":
      return true;
    case "network":
    case "timeout":
      return !failure.unsent;
    case "unauthorized":
    case "oversized":
      return false;
  }
}

/**
 * The version of ours that a server named when it refused the one it was asked in: it is
 * asked once more in that one (versioning, "Protocol Version Negotiation").
 */
function offeredOf(versions: readonly string[], error: unknown): string | undefined {
  if (!(error instanceof RequestFailedError) || error.failure.kind !== "rpc") return undefined;
  const { code, data } = error.failure.error;
  if (code !== UNSUPPORTED_PROTOCOL_VERSION) return undefined;
  const offered = offers(data);
  return versions.find((candidate) => offered.includes(candidate));
}

function offers(data: unknown): readonly unknown[] {
  return isObject(data) && Array.isArray(data.supported) ? data.supported : [];
}

async function initialize(generation: Generation, hello: Hello): Promise<Session> {
  const { protocolOf, channel, identity, capabilities, limit } = hello;
  const { versions } = protocolOf(generation);
  const params = { protocolVersion: versions[0], capabilities, clientInfo: identity };
  const result = await channel.request({ method: "initialize", params }, limit);
  const protocolVersion = isObject(result) ? result.protocolVersion : undefined;
  if (!isObject(result) || typeof protocolVersion !== "string" || !versions.includes(protocolVersion))
    throw new RequestFailedError("initialize", otherVersions(protocolVersion, versions));
  channel.transport.setProtocolVersion?.(protocolVersion);
  // Some servers refuse it, or never answer it, and serve all the same.
  await channel.notify("notifications/initialized", undefined, briefly(hello)).catch(() => undefined);
  const { sessionId } = channel.transport;
  return {
    generation,
    protocolVersion,
    ...introductionOf(result, result.serverInfo),
    ...(sessionId !== undefined && { sessionId }),
  };
}

/** What a server says of itself, in whichever handshake. */
function introductionOf(
  { capabilities, instructions }: JsonObject,
  serverInfo: unknown,
): Pick<Session, "serverCapabilities" | "serverInfo" | "instructions"> {
  return {
    serverCapabilities: isObject(capabilities) ? capabilities : {},
    ...(isObject(serverInfo) && { serverInfo }),
    ...(typeof instructions === "string" && { instructions: cutText(instructions, MAX_INSTRUCTIONS) }),
  };
}

/** The limit of a request that many servers leave unanswered, in ms. */
function briefly({ channel, limit }: Hello): number {
  return Math.min(limit.timeoutMs ?? channel.timeoutMs, PROBE_TIMEOUT_MS);
}

function otherVersions(named: unknown, ours: readonly string[]): RequestFailure {
  const theirs =
    named === undefined ? "no protocol version" : `protocol version ${excerpt(JSON.stringify(named))}`;
  return {
    kind: "malformed",
    message: `The server names ${theirs}; this connector speaks ${ours.join(", ")}`,
  };
}
