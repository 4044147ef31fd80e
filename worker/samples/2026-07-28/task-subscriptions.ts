import { HEADER_MISMATCH, INVALID_REQUEST } from "../../../src/protocol/error-codes.ts";
import { PROTOCOL_VERSION, SUBSCRIPTION_ID } from "../../../src/protocol/meta-keys.ts";
import { eventStream } from "../../http/event-stream.ts";
import type { Announcements } from "../announcements.ts";
import { errorReply, type Frame, RpcError } from "../json-rpc.ts";
import { KEEP_ALIVE_MS } from "../keep-alive.ts";
import type { WireTask } from "./detailed-task.ts";
import { requireTasksExtension } from "./extension-capability.ts";

interface Subscription {
  id: string | number;
  taskIds: Set<string>;
  write(chunk: string): void;
}

/**
 * The `subscriptions/listen` streams that name tasks. The SDK's router knows the core's kinds of notification only and leaves
 * `taskIds` out of what it acknowledges, so these requests are taken before it sees them.
 */
export class TaskSubscriptions {
  readonly #announcements: Announcements;
  readonly #open = new Set<Subscription>();

  constructor(announcements: Announcements) {
    this.#announcements = announcements;
  }

  static wants(frame: Frame | undefined): frame is Frame {
    return frame?.method === "subscriptions/listen" && requestedTaskIds(frame) !== undefined;
  }

  open(request: Request, frame: Frame, isKnown: (taskId: string) => boolean): Response {
    const meta = frame.params?._meta as Record<string, unknown> | undefined;
    const { id } = frame;
    if (id === undefined) return errorReply(400, null, { code: INVALID_REQUEST, message: "No request id" });
    if (
      request.headers.get("mcp-method") !== frame.method ||
      request.headers.get("mcp-protocol-version") !== meta?.[PROTOCOL_VERSION]
    ) {
      const message = "The Mcp-Method or MCP-Protocol-Version header does not match the body";
      return errorReply(400, id, { code: HEADER_MISMATCH, message });
    }
    try {
      requireTasksExtension(meta);
    } catch (error) {
      if (error instanceof RpcError) return errorReply(400, id, error);
      throw error;
    }
    return this.#stream(id, (requestedTaskIds(frame) ?? []).filter(isKnown));
  }

  publish(task: WireTask): void {
    for (const subscription of this.#open) {
      if (subscription.taskIds.has(task.taskId)) notify(subscription, "notifications/tasks", task);
    }
  }

  #stream(id: string | number, taskIds: string[]): Response {
    return eventStream(
      ({ writeText, ended }) => {
        const write = (text: string): void => void writeText(text).catch(() => undefined);
        const subscription = { id, taskIds: new Set(taskIds), write };
        const streamClosed = this.#announcements.streamOpened();
        notify(subscription, "notifications/subscriptions/acknowledged", { notifications: { taskIds } });
        this.#open.add(subscription);
        return new Promise((resolve) => {
          ended.addEventListener("abort", () => {
            streamClosed();
            this.#open.delete(subscription);
            resolve();
          });
        });
      },
      { heartbeatMs: KEEP_ALIVE_MS },
    );
  }
}

function notify({ id, write }: Subscription, method: string, params: object): void {
  const message = {
    jsonrpc: "2.0",
    method,
    params: { ...params, _meta: { [SUBSCRIPTION_ID]: id } },
  };
  write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
}

function requestedTaskIds(frame: Frame): string[] | undefined {
  const notifications = frame.params?.notifications as { taskIds?: unknown } | undefined;
  const taskIds = notifications?.taskIds;
  if (!Array.isArray(taskIds)) return undefined;
  return taskIds.filter((taskId) => typeof taskId === "string");
}
