import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  isLegacyRequest,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";
import { abilitiesOf, declares } from "../../front/client-capabilities.ts";
import { legacyRequest } from "./2025-11-25/requests.ts";
import { clientOfSession } from "./2025-11-25/session-id.ts";
import { declaresTasks } from "./2026-07-28/envelope.ts";
import { openTaskSubscription, wantsTasks } from "./2026-07-28/task-subscriptions.ts";
import type { Caller } from "./caller.ts";
import { countedStream } from "./counted-stream.ts";
import { EVENTS_EXTENSION } from "./events/extension.ts";
import { clientNameOf, type Frame, metaOf, readFrame } from "./frame.ts";
import { mcpServer } from "./mcp-server.ts";
import { ATTENTIVE_MS } from "./message-stream.ts";
import { RelistingBus } from "./relisting-bus.ts";

export interface GatewayRequest {
  readonly caller: Caller;
  readonly request: Request;
  /** As it was read; undefined without one. */
  readonly body: unknown;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const ASKS_FOR_FACTS: ReadonlySet<string | undefined> = new Set(["initialize", "server/discover"]);
/** What is answered the same whatever the endpoint's server can do. */
const NEEDS_NO_FACTS =
  /^(ping|tools\/(call|list)|(tasks|events)\/.*|notifications\/.*|resources\/(list|read)|prompts\/(list|get))$/;

/** One HTTP request to the gateway. Nothing is kept for the next one but what is in the groups. */
export async function serve(asked: GatewayRequest): Promise<Response> {
  const { request, body, waitUntil } = asked;
  const frame = readFrame(body);
  const legacy = isEarlier(request, frame) || (await isLegacyRequest(request, body));
  const session = clientOfSession(request.headers.get("mcp-session-id"));
  const capabilities = frame && metaOf(frame)[CLIENT_CAPABILITIES_META_KEY];
  const traits = legacy
    ? { legacy, abilities: session.abilities, events: session.events }
    : { legacy, abilities: abilitiesOf(capabilities), events: declares(capabilities, EVENTS_EXTENSION) };
  const name = (frame && clientNameOf(frame)) ?? session.name;
  const caller = asked.caller.servedTo(name, traits);
  const bySdk = (): Promise<Response> => {
    const sdk = createMcpHandler(
      (context) => mcpServer(caller, context, waitUntil, needsFacts(caller, frame?.method)),
      {
        // Lists are read again while somebody listens.
        bus: new RelistingBus(caller),
        // Only on a stream is it seen that a client has hung up.
        ...(frame?.method === "tools/call" &&
          !declaresTasks(frame) && { responseMode: "sse", keepAliveMs: ATTENTIVE_MS }),
      },
    );
    return sdk.fetch(request, body === undefined ? undefined : { parsedBody: body });
  };
  try {
    if (legacy) return await legacyRequest({ ...asked, caller }, frame, bySdk);
    if (frame?.method !== "subscriptions/listen") return await bySdk();
    return await countedStream(caller, frame.id, () =>
      wantsTasks(frame) ? openTaskSubscription(caller, request, frame, waitUntil) : bySdk(),
    );
  } finally {
    // They are stored for the next list.
    if (caller.late.size > 0) waitUntil(Promise.all(caller.late));
  }
}

/** A request that names its version in the header and nothing in its envelope is of 2025-11-25 or before: the SDK need not look at it. */
function isEarlier({ headers }: Request, frame: Frame | undefined): boolean {
  const version = headers.get("mcp-protocol-version");
  return (
    version !== null &&
    SUPPORTED_PROTOCOL_VERSIONS.includes(version) &&
    frame?.method !== undefined &&
    frame.params?._meta === undefined
  );
}

/** Of several servers, those that are down cost time: they are asked only where their facts are the answer. */
function needsFacts({ only }: Caller, method: string | undefined): boolean {
  return only ? !NEEDS_NO_FACTS.test(method ?? "") : ASKS_FOR_FACTS.has(method);
}
