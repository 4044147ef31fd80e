import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Frame } from "../json-rpc.ts";
import { KEEP_ALIVE_MS } from "../keep-alive.ts";
import type { TaskTable } from "../task-table.ts";
import { toolServer } from "./tool-server.ts";

interface Wait {
  taskId: string;
}

/** A session with its server and its streams, for as long as the object is in memory. */
export class LiveSession {
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  /** The `tasks/result` requests whose streams are open, by request id. */
  readonly #waiting = new Map<string | number, Wait>();

  private constructor(transport: WebStandardStreamableHTTPServerTransport) {
    this.#transport = transport;
  }

  static async open(id: string, tasks: TaskTable, onDelete: () => void): Promise<LiveSession> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      onsessionclosed: onDelete,
      keepAliveMs: KEEP_ALIVE_MS,
    });
    await toolServer(tasks).connect(transport);
    return new LiveSession(transport);
  }

  /** Lets the SDK know what the client said of itself before this object was in memory. */
  async replay(initialize: Frame | undefined): Promise<void> {
    const request = new Request("http://lab/replay", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(initialize),
    });
    const response = await this.#transport.handleRequest(request);
    // Read to the end, which comes after the answer: until then the SDK is not done with it.
    await response.text();
  }

  handle(request: Request, frame: Frame | undefined): Promise<Response> {
    // workerd learns that a client has gone only when it next writes to it. Until then the SDK would refuse the client's new
    // GET stream in favour of the dead one (409), so here the newest stream wins.
    if (request.method === "GET") this.#transport.closeStandaloneSSEStream();
    // A reloaded page counts its requests from the start again.
    if (frame?.method !== undefined && frame.id !== undefined) this.#stopWaiting(frame.id);
    return this.#transport.handleRequest(request);
  }

  /** Sends on the stream of a request, or on the GET stream; without such a stream the message is lost. */
  send(message: JSONRPCMessage, streamOf?: string | number): void {
    const options = streamOf === undefined ? {} : { relatedRequestId: streamOf };
    this.#transport.send(message, options).catch(() => {});
  }

  /** Notes that a `tasks/result` waits for a task; the function returned is for when its stream has ended. */
  waitFor(taskId: string, requestId: string | number): () => void {
    const wait = { taskId };
    this.#waiting.set(requestId, wait);
    return () => {
      // The id may have been taken by another request since.
      if (this.#waiting.get(requestId) === wait) this.#stopWaiting(requestId);
    };
  }

  waitingFor(taskId: string): (string | number)[] {
    const waiting = [...this.#waiting].filter(([, wait]) => wait.taskId === taskId);
    return waiting.map(([requestId]) => requestId);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /**
   * The SDK goes on polling for a `tasks/result` whose stream is gone, and would answer it on whatever stream has the same
   * request id by then.
   */
  #stopWaiting(requestId: string | number): void {
    if (!this.#waiting.delete(requestId)) return;
    const params = { requestId, reason: "The client closed the stream" };
    this.#transport.onmessage?.({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  }
}
