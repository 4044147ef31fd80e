import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { abilitiesOf, declares } from "../../../front/client-capabilities.ts";
import { INTERNAL } from "../../../front/messages.ts";
import { INTERNAL_ERROR, INVALID_REQUEST, RpcError } from "../../../front/rpc-error.ts";
import { STREAM_LIFE_MS } from "../../http/event-stream.ts";
import { log } from "../../operations/log.ts";
import type { Caller } from "../caller.ts";
import { countedStream } from "../counted-stream.ts";
import { EVENTS_EXTENSION } from "../events/extension.ts";
import { clientNameOf, errorFrame, errorResponse, type Frame, paramsOf, resultFrame } from "../frame.ts";
import type { GatewayRequest } from "../gateway.ts";
import { ATTENTIVE_MS, type MessageStream, messageStream, replyOrStream } from "../message-stream.ts";
import { RelistingBus } from "../relisting-bus.ts";
import { calledOff } from "../start-call.ts";
import { callAsTask, callHeld, FIRST_LOOK_MS, waiterOf } from "./call-tool.ts";
import { takeAnswer } from "./questions.ts";
import { newSessionId } from "./session-id.ts";
import { cancelTask, getTask, listOfTasks, taskResult } from "./task-methods.ts";

const SESSION = "mcp-session-id";
const VERSION = "mcp-protocol-version";

/** A request of a 2025-11-25 client, or of one before it. What has to do with calls and tasks is ours, the rest the SDK's. */
export async function legacyRequest(
  asked: GatewayRequest,
  frame: Frame | undefined,
  bySdk: () => Promise<Response>,
): Promise<Response> {
  const { caller, request, waitUntil } = asked;
  const version = request.headers.get(VERSION);
  // By `initialize` it is only agreed on.
  if (version !== null && frame?.method !== "initialize" && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
    const message = `Unsupported protocol version (supported: ${SUPPORTED_PROTOCOL_VERSIONS.join(", ")})`;
    return errorResponse(400, frame?.id, { code: INVALID_REQUEST, message });
  }
  if (request.method === "GET") return countedStream(caller, undefined, () => listChanges(asked));
  if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "GET, POST" } });
  if (Array.isArray(asked.body))
    return errorResponse(400, undefined, { code: INVALID_REQUEST, message: "Batches are not taken" });
  if (!frame) return bySdk();
  const sessionId = request.headers.get(SESSION);
  const { id, method } = frame;
  if (method === undefined) {
    await takeAnswer(caller, frame);
    return new Response(null, { status: 202 });
  }
  if (id === undefined) {
    await noticed(caller, frame, sessionId);
    return new Response(null, { status: 202 });
  }
  if (method === "initialize") return opened(frame, await bySdk());
  const params = paramsOf(frame);
  const stream = (work: (stream: MessageStream) => Promise<object>): Response =>
    messageStream(waitUntil, async (messages) =>
      messages.send(await replied(id, () => work(messages), messages.signal)),
    );
  const reply = async (work: () => Promise<object>): Promise<Response> =>
    Response.json(await replied(id, work));
  switch (method) {
    case "tools/call": {
      const call = { caller, id, sessionId, params };
      if (params.task !== undefined) return reply(() => callAsTask(call));
      const work = (messages: MessageStream): Promise<object> =>
        replied(id, () => callHeld(call, messages), messages.signal);
      return replyOrStream(waitUntil, work, { quickMs: FIRST_LOOK_MS, keepAliveMs: ATTENTIVE_MS });
    }
    case "tasks/get":
      return reply(() => getTask(caller, params));
    case "tasks/list":
      return reply(() => listOfTasks(caller, params));
    case "tasks/cancel":
      return reply(() => cancelTask(caller, params, request.signal));
    case "tasks/result":
      return stream((messages) => taskResult(caller, params, messages));
    case "logging/setLevel":
      return reply(async () => ({}));
    default:
      return bySdk();
  }
}

/** A wait that is called off ends no task: it may be the client's timeout, and the client may come back. */
async function noticed(caller: Caller, frame: Frame, sessionId: string | null): Promise<void> {
  const { requestId } = paramsOf(frame);
  if (frame.method !== "notifications/cancelled" || sessionId === null) return;
  if (typeof requestId === "string" || typeof requestId === "number")
    await calledOff(caller, waiterOf(sessionId, requestId));
}

function opened(frame: Frame, response: Response): Response {
  const session = new Response(response.body, response);
  const { capabilities } = paramsOf(frame);
  const events = declares(capabilities, EVENTS_EXTENSION);
  const id = newSessionId(abilitiesOf(capabilities), clientNameOf(frame), events);
  if (response.ok) session.headers.set(SESSION, id);
  return session;
}

async function replied(
  id: string | number,
  work: () => Promise<object>,
  hungUp?: AbortSignal,
): Promise<object> {
  try {
    return resultFrame(id, await work());
  } catch (error) {
    if (error instanceof RpcError) return errorFrame(id, error.body);
    if (!hungUp?.aborted) log("gateway-request-failed", { error: String(error) });
    return errorFrame(id, { code: INTERNAL_ERROR, message: INTERNAL });
  }
}

/** The stream on which a server sends of its own accord: here, that its lists have changed. */
function listChanges({ caller, request, waitUntil }: GatewayRequest): Response {
  if (!request.headers.get("accept")?.includes("text/event-stream"))
    return new Response(null, { status: 406 });
  const work = async ({ send, signal }: MessageStream): Promise<void> => {
    const unsubscribe = new RelistingBus(caller).subscribe(({ kind }) =>
      send({ jsonrpc: "2.0", method: `notifications/${kind.replaceAll("_list", "/list")}` }),
    );
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    unsubscribe();
  };
  return messageStream(waitUntil, work, { lifeMs: STREAM_LIFE_MS });
}
